// ferry pack --for azure: the zip of a function app with a custom handler. docs/azure.md.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "package/zip.h"
#include "packaging/packaging.h"
#include "platforms/azure/package/host_files.h"

namespace ferry::packaging {
namespace {

// The first trigger has the function's own name; the others say beside it what they are.
Result<std::vector<package::ZipEntry>> trigger_files(const PackOptions& options,
                                                     const std::string& name) {
  std::vector<package::ZipEntry> out;
  std::vector<std::string> triggers = options.triggers;
  if (triggers.empty()) {
    triggers.emplace_back("http");
  }
  for (const std::string& text : triggers) {
    FERRY_TRY(const azure::TriggerSpec trigger, azure::parse_trigger(text));
    std::string file =
        (out.empty() ? name : fmt::format("{}-{}", name, trigger.kind)) + "/function.json";
    if (std::ranges::find(out, file, &package::ZipEntry::name) != out.end()) {
      return Error{Code::kUsage, fmt::format("there are two triggers {}", trigger.kind),
                   "pack the function twice, under two names"};
    }
    out.push_back({std::move(file), to_bytes(azure::function_json(trigger, name)), 0644});
  }
  return out;
}

// function.zip: host.json, NAME/function.json for each trigger, ferry-host, the bundle, its key.
Status pack(const PackOptions& options) {
  FERRY_TRY(const Packed packed, pack_function(options));
  const std::string name = azure::function_name(packed.function.name);
  FERRY_TRY(auto entries, trigger_files(options, name));
  FERRY_TRY(Bytes program, read_shipped("ferry-host", packed.architecture()));
  entries.insert(entries.begin(),
                 {"host.json", to_bytes(azure::host_json(packed.function.manifest.limits)), 0644});
  entries.push_back({"ferry-host", std::move(program), 0755});
  entries.push_back({packed.function.name + ".ferry", packed.bundle(), 0644});
  entries.push_back({"ferry.pub", to_bytes(packed.key), 0644});
  FERRY_TRY(const Bytes zip, package::write_zip(entries));
  FERRY_CHECK_OK(write_into(options.folder, "function.zip", zip));
  FERRY_CHECK_OK(write_mark(options, packed, "azure"));
  if (!options.common.quiet) {
    fmt::print(stderr,
               "ferry: {0}/function.zip: a function app with {1} ({2}), {3}\n"
               "  az functionapp deployment source config-zip -g GROUP -n APP --src "
               "{0}/function.zip\n",
               options.folder, name, packed.function.digest, function::format_size(zip.size()));
  }
  return Done{};
}

}  // namespace

const Packaging& azure_packaging() {
  static constexpr Packaging packaging{
      .name = "azure",
      .triggers =
          "http, eventgrid, timer=CRON, queue=NAME, blob=PATH, servicebus=NAME or eventhub=NAME "
          "(default: http)",
      .cpus = Cpus::kAmd64,
      .pack = pack};
  return packaging;
}

}  // namespace ferry::packaging
