// ferry check FUNCTION: what it is, what it needs, where it will run; and where not, why and what
// to change. Nothing is compiled or run. --for: the same of a platform, before anything is
// deployed.
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "builder/check_code.h"
#include "builder/function_options.h"
#include "builder/server_snapshot.h"
#include "builder/snapshot_builder.h"
#include "commands/check_for.h"
#include "commands/common_options.h"
#include "commands/verb.h"
#include "engine/loader.h"
#include "engine/lower.h"
#include "function/asks.h"
#include "function/explain.h"
#include "function/lowered_from.h"
#include "platforms/list.h"
#include "reset/kept_instance.h"
#include "wasm/entry_export.h"

namespace ferry::commands {
namespace {

namespace json = boost::json;
using function::Finding;

struct OnEngine {
  std::string name;
  std::string version;
  std::vector<std::string_view> lowered;     // features that ferry rewrites first
  std::vector<std::string_view> impossible;  // features that it cannot do without
  std::string not_kept;                      // why each event gets a new instance; empty: kept
};

bool can_run(const OnEngine& engine) { return engine.impossible.empty(); }

json::array texts(const std::vector<std::string_view>& values) {
  json::array out;
  for (std::string_view value : values) {
    out.emplace_back(std::string(value));
  }
  return out;
}

std::string joined(const std::vector<std::string_view>& values) {
  return fmt::format("{}", fmt::join(values, ", "));
}

json::array grants_json(const function::Grants& grants) {
  json::array out;
  for (std::string& grant : function::describe_grants(grants)) {
    out.emplace_back(std::move(grant));
  }
  return out;
}

class Check final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", path_, "A .wasm file, a ferry.toml, or a folder with one")
        ->required();
    std::vector<std::string> platforms = platforms::platform_names();
    platforms.emplace_back("all");
    app.add_option("--for", for_, "Whether it will run on this platform, or all (repeatable)")
        ->type_name("PLATFORM")
        ->allow_extra_args(false)
        ->check(CLI::IsMember(platforms));
    declare_common(app, common_);
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.footer(
        "Examples:\n  ferry check hello.wasm\n  ferry check hello.wasm --output json\n"
        "  ferry check hello.wasm --for lambda --for azure\n\n"
        "Exit codes: 0 it will run, 1 it will not, 2 usage, 10 no such file, 11 no wasm\n"
        "at all or a ferry.toml with a mistake.");
  }

  int run() override {
    auto function = builder::open_function(path_, common_.manifest, common_.sections);
    if (!function.ok()) {
      if (function.error().code == Code::kUnsupported) {
        return print_unsupported(function.error());
      }
      return give_up(function.error());
    }
    auto asked = function::find_asks(path_, common_.manifest, common_.sections);
    const std::vector<std::string> asks =
        asked.ok() ? std::move(asked->lines) : std::vector<std::string>();
    if (auto applied = builder::apply_options(common_, *function); !applied.ok()) {
      return give_up(applied.error());
    }
    std::vector<Finding> findings = function::explain(*function);
    if (auto folders = builder::check_frozen_folders(*function); !folders.ok()) {
      findings.push_back({Finding::Kind::kStops, "snapshot-folders", folders.error().message,
                          folders.error().hint});
    }
    bool runs = true;
    for (const Finding& finding : findings) {
      runs &= finding.kind != Finding::Kind::kStops;
    }
    std::vector<OnEngine> engines;
    if (!function->binary.component && runs) {
      auto prepared = wasm::prepare(function->wasm, function->binary, {});
      if (const auto valid = builder::check_code(*function); prepared.ok() && !valid.ok()) {
        findings.push_back({Finding::Kind::kStops, "invalid",
                            "its code is not valid WebAssembly: " + valid.error().message,
                            "its compiler, or a tool that changed it since, is at fault"});
        runs = false;
      } else if (prepared.ok()) {
        engines = look_at_engines(function->binary, prepared->facts);
        runs = engines.empty() || std::ranges::any_of(engines, can_run);
      } else {
        findings.push_back(
            {Finding::Kind::kStops, "code", prepared.error().message, prepared.error().hint});
        runs = false;
      }
    }
    const std::vector<OnPlatform> platforms = look_at_platforms(*function, runs, for_);
    if (output_ == "json") {
      print_json(*function, asks, findings, engines, runs, platforms);
    } else {
      print_text(*function, asks, findings, engines);
      fmt::print("{}\n", verdict(engines, runs));
      print_platforms(platforms);
    }
    for (const OnPlatform& each : platforms) {
      runs &= each.runs;
    }
    return runs ? kExitOk : kExitDifference;
  }

 private:
  std::vector<OnEngine> look_at_engines(const wasm::Binary& binary,
                                        const wasm::CodeFacts& facts) const {
    const wasm::Record record = wasm::make_record(binary, facts);
    std::vector<OnEngine> out;
    for (const engine::Plugin& plugin : engine::list_plugins()) {
      if (!common_.engine.empty() &&
          common_.engine.substr(0, common_.engine.find(':')) != plugin.name) {
        continue;
      }
      engine::EngineOptions options;
      options.compile_only = true;
      auto engine = engine::load_engine(plugin.name, options);
      if (!engine.ok()) {
        complain({fmt::format("{}: {}", plugin.name, engine.error().message), engine.error().hint});
        continue;
      }
      const engine::Info& info = (*engine)->info();
      wasm::Lowering lowering = engine::lowering_for(binary, facts, info.capabilities);
      ferry::Status kept = reset::can_keep(record, info.capabilities);
      out.push_back({info.name, info.version, std::move(lowering.rewrite),
                     std::move(lowering.impossible), kept.ok() ? "" : kept.error().message});
    }
    return out;
  }

  static json::value files_json(const wasi::FileTree* tree) {
    if (tree == nullptr) {
      return nullptr;
    }
    return json::object{
        {"count", tree->files()}, {"bytes", tree->bytes()}, {"digest", tree->digest()}};
  }

  static json::value component_json(const std::optional<function::LoweredFrom>& component) {
    if (!component) {
      return nullptr;
    }
    return json::object{{"interface", component->interface},
                        {"wasi", component->wasi},
                        {"core_modules", component->core_modules},
                        {"size_bytes", component->size}};
  }

  static void print_text(const function::Function& function, const std::vector<std::string>& asks,
                         const std::vector<Finding>& findings,
                         const std::vector<OnEngine>& engines) {
    const wasm::Binary& binary = function.binary;
    const function::Limits& limits = function.manifest.limits;
    fmt::print("{}\n", function.name);
    fmt::print("  digest     {}\n", function.digest);
    fmt::print("  abi        {}{}\n", wasm::abi_name(binary.abi),
               binary.component ? " (a component)" : "");
    const auto component = function::lowered_from(function);
    if (component) {
      fmt::print("  component  {} (WASI {}), {} core module{}\n", component->interface,
                 component->wasi, component->core_modules, component->core_modules == 1 ? "" : "s");
    }
    if (!binary.toolchain.empty()) {
      fmt::print("  toolchain  {}\n", binary.toolchain);
    }
    if (component) {
      fmt::print("  size       {}, lowered {}\n", function::format_size(component->size),
                 function::format_size(function.wasm.size()));
    } else {
      fmt::print("  size       {}\n", function::format_size(function.wasm.size()));
    }
    if (const std::string of = builder::snapshot_of(function); !of.empty()) {
      fmt::print("  snapshot   of {}: it starts where that one's start-up ended\n", of);
    }
    if (!binary.memories.empty()) {
      fmt::print("  memory     starts with {}{}\n",
                 function::format_size(binary.memories[0].minimum << 16),
                 binary.memories[0].maximum
                     ? ", at most " + function::format_size(*binary.memories[0].maximum << 16)
                     : "");
    }
    std::map<std::string, std::vector<std::string_view>> imports;
    for (const wasm::Import& import : binary.imports) {
      // What lowering added, and a second import of the same function, are none of its author's.
      const bool added = import.module == wasm::kAbiModule ||
                         (component && import.name.find('#') != std::string::npos);
      if (!added) {
        imports[import.module].push_back(import.name);
      }
    }
    for (const auto& [module, names] : imports) {
      fmt::print("  imports    {}: {}\n", module, joined(names));
    }
    for (const std::string& name : binary.component_imports) {
      fmt::print("  imports    {}\n", name);
    }
    fmt::print(
        "  limits     timeout {} ms, memory {}, input {}, output {}, log {}, concurrency {}, "
        "open_files {}{}\n",
        limits.timeout.count(), function::format_size(limits.memory),
        function::format_size(limits.input), function::format_size(limits.output),
        function::format_size(limits.log), limits.concurrency, limits.open_files,
        limits.instructions ? fmt::format(", instructions {}", *limits.instructions) : "");
    if (function.manifest.grants.network()) {
      fmt::print("  network    connections {}, network_bytes {}, connect_timeout {} ms\n",
                 limits.connections, function::format_size(limits.network_bytes),
                 limits.connect_timeout.count());
    }
    if (!function.manifest.args.empty()) {
      fmt::print("  args       {}\n", fmt::join(function.manifest.args, " "));
    }
    if (const auto& tree = function.manifest.file_tree) {
      fmt::print("  files      {}, {}, {}\n", tree->files(), function::format_size(tree->bytes()),
                 tree->digest());
    }
    for (const std::string& grant : function::describe_grants(function.manifest.grants)) {
      fmt::print("  grant      {}\n", grant);
    }
    for (const std::string& ask : asks) {
      fmt::print("  asks to    {}: beyond its folder, so it needs --allow\n", ask);
    }
    for (const OnEngine& each : engines) {
      fmt::print("  {:<10} {}", each.name, can_run(each) ? "runs" : "cannot run it");
      if (!can_run(each)) {
        fmt::print(": it has no {}", joined(each.impossible));
      } else if (!each.lowered.empty()) {
        fmt::print(", after ferry has rewritten {}", joined(each.lowered));
      }
      if (can_run(each) && each.not_kept.empty()) {
        fmt::print("; instances are kept and reset between events (unless one grew its memory)");
      } else if (can_run(each)) {
        fmt::print("; a new instance for each event, since {}", each.not_kept);
      }
      fmt::print("\n");
    }
    if (std::ranges::any_of(engines, can_run) && builder::snapshot_of(function).empty()) {
      const auto why = builder::why_no_snapshot(function);
      fmt::print(
          "  snapshot   {}\n",
          why ? why->message : "made by 'ferry serve' itself, where that changes no outcome");
    }
    print_findings(findings);
  }

  // The engines' lines in one: the first of them is the one that runs it unless --engine names
  // another.
  static std::string verdict(const std::vector<OnEngine>& engines, bool runs) {
    if (!runs) {
      return "It will not run.";
    }
    if (engines.empty() || can_run(engines.front())) {
      return "It will run.";
    }
    const auto other = std::ranges::find_if(engines, can_run);
    return fmt::format("It will run with --engine {}.", other->name);
  }

  // Well formed, and of a version of WebAssembly that is not read here: nothing else is known of
  // it.
  int print_unsupported(const Error& error) const {
    const std::vector<Finding> findings{
        {Finding::Kind::kStops, "feature", error.message, error.hint}};
    if (output_ == "json") {
      fmt::print("{}\n",
                 json::serialize(json::object{
                     {"name", path_}, {"findings", findings_json(findings)}, {"runs", false}}));
    } else {
      fmt::print("{}\n", path_);
      print_findings(findings);
      fmt::print("{}\n", verdict({}, false));
    }
    return kExitDifference;
  }

  static void print_json(const function::Function& function, const std::vector<std::string>& asks,
                         const std::vector<Finding>& findings, const std::vector<OnEngine>& engines,
                         bool runs, const std::vector<OnPlatform>& platforms) {
    const wasm::Binary& binary = function.binary;
    const function::Limits& limits = function.manifest.limits;
    json::array imports;
    for (const wasm::Import& import : binary.imports) {
      imports.push_back(json::object{{"module", import.module}, {"name", import.name}});
    }
    json::array exports;
    for (const wasm::Export& each : binary.exports) {
      exports.emplace_back(each.name);
    }
    json::array on;
    for (const OnEngine& each : engines) {
      on.push_back(json::object{{"name", each.name},
                                {"version", each.version},
                                {"runs", can_run(each)},
                                {"lowered", texts(each.lowered)},
                                {"missing", texts(each.impossible)},
                                {"kept", can_run(each) && each.not_kept.empty()},
                                {"not_kept_because", each.not_kept}});
    }
    const auto component = function::lowered_from(function);
    const auto why = builder::why_no_snapshot(function);
    json::object whole{
        {"name", function.name},
        {"digest", function.digest},
        {"abi", std::string(wasm::abi_name(binary.abi))},
        {"component", binary.component || component.has_value()},
        {"lowered_from", component_json(component)},
        {"toolchain", binary.toolchain},
        {"size_bytes", function.wasm.size()},
        {"snapshot_of", builder::snapshot_of(function)},
        {"no_snapshot", why ? why->message : ""},
        {"imports", std::move(imports)},
        {"exports", std::move(exports)},
        {"limits",
         {{"timeout_ms", limits.timeout.count()},
          {"memory_bytes", limits.memory},
          {"input_bytes", limits.input},
          {"output_bytes", limits.output},
          {"log_bytes", limits.log},
          {"concurrency", limits.concurrency},
          {"open_files", limits.open_files},
          {"connections", limits.connections},
          {"network_bytes", limits.network_bytes},
          {"connect_timeout_ms", limits.connect_timeout.count()}}},
        {"args", json::array(function.manifest.args.begin(), function.manifest.args.end())},
        {"files", files_json(function.manifest.file_tree.get())},
        {"grants", grants_json(function.manifest.grants)},
        {"asks", json::array(asks.begin(), asks.end())},
        {"engines", std::move(on)},
        {"findings", findings_json(findings)},
        {"runs", runs}};
    if (!platforms.empty()) {
      whole["platforms"] = platforms_json(platforms);
    }
    fmt::print("{}\n", json::serialize(whole));
  }

  CommonOptions common_;
  std::string path_;
  std::string output_ = "text";
  std::vector<std::string> for_;
};

}  // namespace

std::unique_ptr<Verb> make_check() { return std::make_unique<Check>(); }

}  // namespace ferry::commands
