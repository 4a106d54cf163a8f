// What each platform's wire costs beside plain HTTP's: the same function, the same event, through
// each emulator and adapter in turn, in rounds of one run; CPU time of the whole process.
//
//   bench_adapters FUNCTION.wasm [ROUNDS [EVENTS]]   prints JSON: {"http": [us, …], "lambda": […]}
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/ids.h"
#include "builder/function_options.h"
#include "cpu_us.h"
#include "emulators/list.h"
#include "engine/compiler.h"

namespace ferry {
namespace {

struct Way {
  std::string name;
  platforms::Adapter adapter;
  std::unique_ptr<platforms::Emulator> emulator;
  std::vector<double> us;
};

Status measure(const std::string& path, int rounds, int events) {
  builder::FunctionOptions common;
  FERRY_TRY(auto function, builder::read_function(path, common));
  const engine::EngineOptions options = builder::engine_options_for({&function, 1});
  FERRY_TRY(auto engine, engine::load_engine("wasmtime", options));
  FERRY_TRY(auto bundle, builder::make_bundle(function, engine->info(), options, true, nullptr));
  host::Host host(*engine, system_clock(), system_random());
  FERRY_TRY(auto loaded, host.load(bundle, {function.name, function.manifest, {}}));
  event::Event event;
  event.id = "1";
  event.source = "/bench";
  event.type = "bench";
  event.datacontenttype = "application/json";
  event.data = R"({"name":"Ada"})";
  std::vector<Way> ways;
  for (const platforms::Emulation* each : platforms::all_emulations()) {
    Way way;
    way.name = each->platform().name();
    FERRY_TRY(way.adapter,
              each->platform().make_adapter({host, {loaded}, system_clock(), system_random()}));
    FERRY_TRY(way.emulator,
              each->make_emulator(way.adapter, {nullptr, {function.manifest.limits}}));
    ways.push_back(std::move(way));
  }
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      Way& way = ways[(i + static_cast<std::size_t>(round)) % ways.size()];
      const double from = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
      for (int n = 0; n < events; ++n) {
        FERRY_TRY(const platforms::Answer answer, way.emulator->send(event));
        if (answer.body.find("Hello, Ada!") == std::string::npos) {
          return Error{Code::kInvalid, way.name + " answered " + answer.body, ""};
        }
      }
      if (round > 0) {  // the first warms up
        way.us.push_back((cpu_us(CLOCK_PROCESS_CPUTIME_ID) - from) / events);
      }
    }
  }
  std::string out;
  for (const Way& way : ways) {
    std::string values;
    for (const double us : way.us) {
      values += fmt::format("{}{:.2f}", values.empty() ? "" : ",", us);
    }
    out += fmt::format("{}\"{}\":[{}]", out.empty() ? "{" : ",", way.name, values);
  }
  fmt::print("{}}}\n", out);
  return Done{};
}

}  // namespace
}  // namespace ferry

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == ferry::engine::kCompileVerb) {
    return ferry::engine::compile_child_main(argc, argv, ferry::engine::load_engine);
  }
  if (argc < 2) {
    fmt::print(stderr, "bench_adapters FUNCTION.wasm [ROUNDS [EVENTS]]\n");
    return 2;
  }
  const auto done = ferry::measure(argv[1], argc > 2 ? std::atoi(argv[2]) : 15,
                                   argc > 3 ? std::atoi(argv[3]) : 300);
  if (!done.ok()) {
    fmt::print(stderr, "bench_adapters: {}\n", done.error().text());
    return 1;
  }
  return 0;
}
