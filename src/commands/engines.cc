// ferry engines: what is here and what each can do, asked of the engines themselves.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/verb.h"
#include "engine/advisories.h"
#include "engine/loader.h"

namespace ferry::commands {
namespace {

namespace json = boost::json;

struct Column {
  const char* name;
  bool engine::Capabilities::*field;
};
constexpr Column kColumns[] = {
    {"compiles_ahead", &engine::Capabilities::compiles_ahead},
    {"deadline", &engine::Capabilities::deadline},
    {"counts_instructions", &engine::Capabilities::counts_instructions},
    {"stack_limit", &engine::Capabilities::stack_limit},
    {"backtraces", &engine::Capabilities::backtraces},
    {"exact_traps", &engine::Capabilities::exact_traps},
    {"resettable", &engine::Capabilities::resettable},
    {"pooling", &engine::Capabilities::pooling},
    {"bulk_memory", &engine::Capabilities::bulk_memory},
    {"sign_extension", &engine::Capabilities::sign_extension},
    {"saturating_float_to_int", &engine::Capabilities::saturating_float_to_int},
    {"multi_value", &engine::Capabilities::multi_value},
    {"reference_types", &engine::Capabilities::reference_types},
    {"simd", &engine::Capabilities::simd},
    {"externref", &engine::Capabilities::externref},
    {"relaxed_simd", &engine::Capabilities::relaxed_simd},
    {"tail_calls", &engine::Capabilities::tail_calls},
};

class Engines final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.footer("Examples:\n  ferry engines\n  ferry engines --output json");
  }

  int run() override {
    json::array all;
    bool broken = false;
    for (const engine::Plugin& plugin : engine::list_plugins()) {
      engine::EngineOptions options;
      options.max_instances = 1;
      auto engine = engine::load_engine(plugin.name, options);
      if (!engine.ok()) {
        broken = true;
        complain({fmt::format("{}: {}", plugin.path, engine.error().message), engine.error().hint});
        continue;
      }
      all.push_back(describe((*engine)->info(), plugin));
    }
    if (all.empty()) {
      complain({"no engine found",
                "build one with 'make build', or set FERRY_ENGINES to the folder of the plug-ins"});
      return kExitNoEngineOrFile;
    }
    if (output_ == "json") {
      fmt::print("{}\n", json::serialize(all));
    } else {
      print_table(all);
    }
    return broken ? kExitNoEngineOrFile : kExitOk;
  }

 private:
  static json::object describe(const engine::Info& info, const engine::Plugin& plugin) {
    json::object capabilities;
    for (const Column& column : kColumns) {
      capabilities[column.name] = info.capabilities.*column.field;
    }
    return {{"name", info.name},
            {"version", info.version},
            {"variant", info.variant},
            {"path", plugin.path},
            {"advisory", std::string(engine::advisory_of(info.name))},
            {"capabilities", std::move(capabilities)}};
  }

  static void print_table(const json::array& all) {
    fmt::print("{:<26}", "");
    for (const json::value& engine : all) {
      fmt::print("{:<12}", std::string(engine.at("name").as_string()));
    }
    fmt::print("\n{:<26}", "version");
    for (const json::value& engine : all) {
      fmt::print("{:<12}", std::string(engine.at("version").as_string()));
    }
    fmt::print("\n");
    for (const Column& column : kColumns) {
      fmt::print("{:<26}", column.name);
      for (const json::value& engine : all) {
        fmt::print("{:<12}", engine.at("capabilities").at(column.name).as_bool() ? "yes" : "-");
      }
      fmt::print("\n");
    }
    fmt::print(
        "\nWhat an engine lacks, ferry does for it where it can: memory limits on every engine,\n"
        "deadlines by polling where there is no 'deadline', lowering where a feature is "
        "missing.\n");
    for (const json::value& engine : all) {
      const std::string advisory(engine.at("advisory").as_string());
      if (!advisory.empty()) {
        fmt::print("\n{}: {}.\n", std::string(engine.at("name").as_string()), advisory);
      }
    }
  }

  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Verb> make_engines() { return std::make_unique<Engines>(); }

}  // namespace ferry::commands
