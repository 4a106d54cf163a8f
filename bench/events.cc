// CPU time for one event inside the process, first state guaranteed each time: a new instance
// against a kept one reset in place, by both ways of finding pages. Rounds are interleaved, so
// that a noisy machine is noisy for all; medians of rounds and their ratio to the first column are
// printed.
//
//   build-bench/bin/bench_events FUNCTION.wasm DATA [EVENTS_A_ROUND] [ROUNDS]
//
// With ROUNDS 0, a round is run for each byte on stdin and its figures printed: bench/run.py
// interleaves them with those of other programs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bundle/store.h"
#include "cpu_us.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "function/function.h"
#include "host/host.h"

namespace {

using namespace ferry;

struct Way {
  const char* name;
  bool kept;
  reset::GuardKind guard;
};
constexpr Way kWays[] = {{"new instance", false, reset::GuardKind::kSignal},
                         {"kept, signal", true, reset::GuardKind::kSignal},
                         {"kept, userfault", true, reset::GuardKind::kUserfault}};

constexpr int kDriven = 0;

int fail(const Error& error) {
  fmt::print(stderr, "bench_events: {}\n", error.text());
  return 1;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

int bench(const std::string& path, const std::string& data, int events, int rounds) {
  auto function = function::load_function(path, "");
  if (!function.ok()) return fail(function.error());
  engine::EngineOptions options;
  options.max_memory = function->manifest.limits.memory;
  auto engine = engine::load_engine("", options);
  if (!engine.ok()) return fail(engine.error());
  auto store = bundle::Store::open({});
  if (!store.ok()) return fail(store.error());
  auto bundle = store->get(
      *function, (*engine)->info(),
      [&](ByteView prepared) { return engine::compile_in_child("", options, prepared, {}); },
      nullptr);
  if (!bundle.ok()) return fail(bundle.error());
  host::Host host(**engine, system_clock(), system_random());

  event::Event event;
  event.id = "1";
  event.source = "/bench";
  event.type = "bench";
  event.data = data;
  std::vector<std::shared_ptr<host::Loaded>> loaded;
  for (const Way& way : kWays) {
    host::LoadOptions load{function->name, function->manifest, {}};
    load.keeping.enabled = way.kept;
    load.keeping.guard = way.guard;
    auto one = host.load(*bundle, load);
    if (!one.ok()) return fail(one.error());
    loaded.push_back(*one);
  }
  // One round: microseconds an event took, by way; negative when one went wrong.
  auto time_of = [&](std::size_t way) {
    double from = cpu_us();
    for (int n = 0; n < events; ++n) {
      host::Outcome outcome = host.invoke(*loaded[way], event, {});
      if (outcome.status != host::Status::kOk) {
        fmt::print(stderr, "bench_events: {}\n", outcome.message);
        return -1.0;
      }
    }
    return (cpu_us() - from) / events;
  };
  std::vector<std::vector<double>> times(loaded.size());
  for (int round = -1; rounds == kDriven || round < rounds; ++round) {  // one round to warm up
    if (rounds == kDriven && round >= 0 && std::getchar() == EOF) {
      return 0;
    }
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      double took = time_of(i);
      if (took < 0) return 1;
      if (round >= 0) times[i].push_back(took);
      if (round >= 0 && rounds == kDriven) {
        fmt::print("{:.3f}{}", took, i + 1 < loaded.size() ? " " : "\n");
      }
    }
    std::fflush(stdout);
  }
  double base = median(times[0]);
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    double middle = median(times[i]);
    fmt::print("{:<18} median {:8.2f} us  min {:8.2f}  max {:8.2f}  ratio {:.3f}\n", kWays[i].name,
               middle, *std::ranges::min_element(times[i]), *std::ranges::max_element(times[i]),
               middle / base);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == engine::kCompileVerb) {
    return engine::compile_child_main(argc, argv, engine::load_engine);
  }
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_events FUNCTION.wasm DATA [EVENTS_A_ROUND] [ROUNDS]\n");
    return 2;
  }
  return bench(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 200,
               argc > 4 ? std::atoi(argv[4]) : 15);
}
