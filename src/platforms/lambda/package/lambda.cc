// ferry pack --for lambda: two layers, the function that uses them, and a template that ties them.
// docs/aws-lambda.md says what is in each.
#include <algorithm>
#include <cstdio>
#include <set>

#include <fmt/format.h>

#include "package/zip.h"
#include "packaging/packaging.h"
#include "platforms/lambda/rows.h"

namespace ferry::packaging {
namespace {

// Unzipped, all layers and the function together (Lambda quotas).
constexpr std::uint64_t kMaxUnzipped = 250ull << 20;

// Lambda wants whole seconds and megabytes. Its own limits stand a little above the function's, so
// that a function which runs into one is answered for, and not cut off.
std::uint64_t lambda_seconds(const function::Limits& limits) {
  auto seconds =
      static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(limits.timeout).count());
  return std::clamp<std::uint64_t>(seconds + 1, 2, 900);
}
std::uint64_t lambda_megabytes(const function::Limits& limits) {
  constexpr std::uint64_t kOurs = 64;
  return std::clamp<std::uint64_t>((limits.memory >> 20) + kOurs, 128, 10'240);
}

// A logical id of CloudFormation: letters and digits.
std::string logical_id(std::string_view name) {
  std::string out;
  bool upper = true;
  for (char c : name) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9')) {
      out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
      upper = false;
    } else {
      upper = true;
    }
  }
  return out + "Function";
}

// As a YAML scalar: a JSON string is one.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + '"';
}

constexpr char kTemplateHead[] =
    R"(# Written by ferry pack --for lambda. `sam deploy --guided` puts it into an account.
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: {description}
Resources:
  FerryRuntime:
    Type: AWS::Serverless::LayerVersion
    Properties:
      Description: {engine}
      ContentUri: runtime-layer.zip
      CompatibleRuntimes: [provided.al2023]
      CompatibleArchitectures: [{architecture}]
  FerryFunction:
    Type: AWS::Serverless::LayerVersion
    Properties:
      Description: {digest}
      ContentUri: function-layer.zip
      CompatibleRuntimes: [provided.al2023]
      CompatibleArchitectures: [{architecture}]
)";
constexpr char kTemplateFunction[] = R"(  {id}:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Architectures: [{architecture}]
      CodeUri: function.zip
      Handler: {handler}
      Layers: [!Ref FerryRuntime, !Ref FerryFunction]
      Timeout: {seconds}
      MemorySize: {megabytes}
)";
constexpr char kTemplateStreams[] = R"(      FunctionUrlConfig:
        AuthType: AWS_IAM
        InvokeMode: RESPONSE_STREAM
)";
constexpr char kTemplateEnd[] =
    R"(      # An event source of SQS, Kinesis or DynamoDB needs, or failed events are lost:
      #   FunctionResponseTypes: [ReportBatchItemFailures]
)";

using Functions = std::vector<Packed>;

// As Lambda calls it.
std::string_view architecture_of(const Functions& all) {
  return all[0].architecture() == Architecture::kAmd64 ? "x86_64" : "arm64";
}

// "orders, mail" and what follows a name.
std::string each_name(const Functions& all, bool with_digest) {
  std::string out;
  for (const Packed& packed : all) {
    out += (out.empty() ? "" : ", ") + packed.function.name;
    out += with_digest ? " " + packed.function.digest : "";
  }
  constexpr std::size_t kMaxDescription = 200;  // Lambda takes 256 characters
  return out.size() > kMaxDescription ? out.substr(0, kMaxDescription) + " …" : out;
}

std::string template_of(const Functions& all) {
  std::string out = fmt::format(
      kTemplateHead,
      fmt::arg("description",
               quoted((all.size() == 1 ? "The WebAssembly function " : "WebAssembly functions: ") +
                      each_name(all, false))),
      fmt::arg("engine", quoted("ferry-host, " + all[0].engine)),
      fmt::arg("architecture", architecture_of(all)),
      fmt::arg("digest", quoted(each_name(all, true))));
  std::set<std::string> ids;
  for (const Packed& packed : all) {
    const function::Function& function = packed.function;
    const function::Limits& limits = function.manifest.limits;
    std::string id = logical_id(function.name);
    if (!ids.insert(id).second) {  // "a-b" and "a.b"
      id += std::to_string(ids.size());
      ids.insert(id);
    }
    out += fmt::format(
        kTemplateFunction, fmt::arg("id", id), fmt::arg("architecture", architecture_of(all)),
        fmt::arg("handler", quoted(function.name)), fmt::arg("seconds", lambda_seconds(limits)),
        fmt::arg("megabytes", lambda_megabytes(limits)));
    out += platforms::lambda::settings_of(function.manifest)->streaming ? kTemplateStreams : "";
    out += kTemplateEnd;
  }
  return out;
}

// The code of the function itself: nothing, since layers hold it all; but Lambda wants some.
std::string read_me(const Functions& all) {
  return fmt::format(
      "This function is one of: {}.\nIts handler says which. Runtime and code are in the two "
      "layers;\n"
      "a bundle put beside this file would be served in place of the layer's.\n",
      each_name(all, true));
}

// What of the manifest only Lambda's side can refuse, refused here and not there.
Status check(const Functions& all) {
  constexpr std::size_t kMaxFunctions = 90;
  if (all.size() > kMaxFunctions) {
    return Error{Code::kLimit, fmt::format("{} functions are too many for a layer", all.size()),
                 "pack them apart"};
  }
  std::uint64_t size = 0;
  std::set<std::string> names;
  for (const Packed& packed : all) {
    const std::string& name = packed.function.name;
    if (!names.insert(name).second) {
      return Error{Code::kUsage, fmt::format("two functions are named '{}'", name),
                   "give one another name: [function] name in its ferry.toml"};
    }
    const auto settings = platforms::lambda::settings_of(packed.function.manifest);
    if (auto rows = platforms::lambda::rows_of(*settings); !rows.ok()) {
      return with_context(std::move(rows).error(), name);
    }
    size += packed.bundle().size();
  }
  if (size > kMaxUnzipped) {
    return Error{
        Code::kLimit,
        fmt::format("unzipped this is {}, and Lambda takes 250 MiB", function::format_size(size)),
        all.size() > 1 ? "pack the functions apart"
                       : "ship it as an image: ferry pack --for image"};
  }
  return Done{};
}

// What `ferry deploy` has to know: of each function its seconds, megabytes and digest, and the
// architecture of all.
deploy::Fields settings_of(const Functions& all) {
  deploy::Fields out;
  std::string names;
  for (const Packed& packed : all) {
    const std::string& name = packed.function.name;
    const function::Limits& limits = packed.function.manifest.limits;
    names += (names.empty() ? "" : ",") + name;
    out.emplace_back("function " + name,
                     fmt::format("{} {} {}", lambda_seconds(limits), lambda_megabytes(limits),
                                 packed.function.digest));
  }
  out.emplace_back("functions", names);
  out.emplace_back("engine", all[0].engine);
  out.emplace_back("architecture", architecture_of(all));
  return out;
}

Result<Functions> pack_all(const PackOptions& options) {
  if (!options.more.empty() && !options.common.manifest.empty()) {
    return Error{Code::kUsage, "--manifest is that of one function, and there are several",
                 "name each function by its ferry.toml"};
  }
  Functions out;
  std::vector<std::string> paths{options.path};
  paths.insert(paths.end(), options.more.begin(), options.more.end());
  for (const std::string& path : paths) {
    PackOptions one = options;
    one.path = path;
    FERRY_TRY(Packed packed, pack_function(one));
    out.push_back(std::move(packed));
  }
  return out;
}

Result<std::size_t> write_archive(const std::string& folder, const std::string& name,
                                  const std::vector<package::ZipEntry>& entries) {
  FERRY_TRY(Bytes zip, package::write_zip(entries));
  FERRY_CHECK_OK(write_into(folder, name, zip));
  return zip.size();
}

Status pack(const PackOptions& options) {
  FERRY_TRY(const Functions all, pack_all(options));
  FERRY_CHECK_OK(check(all));
  FERRY_TRY(Bytes program, read_shipped("ferry-host", all[0].architecture()));
  FERRY_TRY(std::size_t runtime, write_archive(options.folder, "runtime-layer.zip",
                                               {{"bootstrap", std::move(program), 0755}}));
  std::vector<package::ZipEntry> layer;
  for (const Packed& packed : all) {
    layer.push_back({"ferry/" + packed.function.name + ".ferry", packed.bundle(), 0644});
  }
  layer.push_back({"ferry/ferry.pub", to_bytes(all[0].key), 0644});
  FERRY_TRY(std::size_t function, write_archive(options.folder, "function-layer.zip", layer));
  FERRY_TRY(std::size_t code, write_archive(options.folder, "function.zip",
                                            {{"README.txt", to_bytes(read_me(all)), 0644}}));
  FERRY_CHECK_OK(write_into(options.folder, "template.yaml", as_bytes(template_of(all))));
  FERRY_CHECK_OK(write_mark(options, all[0], "lambda", settings_of(all)));
  if (!options.common.quiet) {
    fmt::print(stderr,
               "ferry: {0}: runtime-layer.zip {1}, function-layer.zip {2} ({3}), function.zip {4}, "
               "template.yaml\n"
               "  sam deploy --guided --template-file {0}/template.yaml\n",
               options.folder, function::format_size(runtime), function::format_size(function),
               each_name(all, true), function::format_size(code));
  }
  return Done{};
}

}  // namespace

const Packaging& lambda_packaging() {
  static constexpr Packaging packaging{.name = "lambda",
                                       .several = true,
                                       .environment_varies = true,  // the trace id
                                       .pack = pack};
  return packaging;
}

}  // namespace ferry::packaging
