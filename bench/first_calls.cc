// CPU time of the first event of each of many functions loaded in one process, of a later event of
// each that gets a new instance, and of one function's events in a row with a new instance each.
//
//   ls FOLDER/*.wasm | build-bench/bin/bench_first_calls DATA
//
// Reads the functions' paths from stdin; prints one line of JSON. They are called in random order.
#include <algorithm>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "bundle/store.h"
#include "cpu_us.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "function/function.h"
#include "host/host.h"

namespace {

using namespace ferry;

int fail(const Error& error) {
  fmt::print(stderr, "bench_first_calls: {}\n", error.text());
  return 1;
}

int bench(const std::string& data) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  std::vector<std::string> paths;
  for (std::string path; std::getline(std::cin, path);) paths.push_back(path);
  if (paths.empty()) return fail({Code::kUsage, "no function on stdin", "give a path a line"});

  engine::EngineOptions options;
  options.max_memory = function::Manifest().limits.memory;
  auto engine = engine::load_engine("", options);
  if (!engine.ok()) return fail(engine.error());
  auto store = bundle::Store::open({});
  if (!store.ok()) return fail(store.error());
  host::Host host(**engine, system_clock(), system_random());
  std::vector<std::shared_ptr<host::Loaded>> loaded;
  for (const std::string& path : paths) {
    auto function = function::load_function(path, "");
    if (!function.ok()) return fail(function.error());
    auto bundle = store->get(
        *function, (*engine)->info(),
        [&](ByteView prepared) { return engine::compile_in_child("", options, prepared, {}); },
        nullptr);
    if (!bundle.ok()) return fail(bundle.error());
    host::LoadOptions load{function->name, function->manifest, {}};
    load.keeping.enabled = false;  // so that later events have new instances too
    auto one = host.load(*bundle, load);
    if (!one.ok()) return fail(one.error());
    loaded.push_back(*one);
  }

  event::Event event;
  event.id = "1";
  event.source = "/bench";
  event.type = "bench";
  event.data = data;
  const auto call = [&](host::Loaded& function) {
    const host::Outcome outcome = host.invoke(function, event, {});
    if (outcome.status != host::Status::kOk) {
      fmt::print(stderr, "bench_first_calls: {}\n", outcome.message);
      exit(1);
    }
  };
  std::mt19937 order(1);  // NOLINT(cert-msc51-cpp): the same in every run
  const auto each_once = [&] {
    std::ranges::shuffle(loaded, order);
    const double from = cpu_us();
    for (const auto& one : loaded) call(*one);
    return (cpu_us() - from) / static_cast<double>(loaded.size());
  };
  const double first = each_once();
  const double later = each_once();
  const double from = cpu_us();
  for (std::size_t i = 0; i < loaded.size(); ++i) call(*loaded.front());
  const double in_a_row = (cpu_us() - from) / static_cast<double>(loaded.size());
  fmt::print("{{\"first_us\": {:.3f}, \"later_us\": {:.3f}, \"in_a_row_us\": {:.3f}}}\n", first,
             later, in_a_row);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == engine::kCompileVerb) {
    return engine::compile_child_main(argc, argv, engine::load_engine);
  }
  if (argc != 2) {
    fmt::print(stderr, "usage: ls FOLDER/*.wasm | bench_first_calls DATA\n");
    return 2;
  }
  return bench(argv[1]);
}
