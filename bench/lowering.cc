// How long it takes to lower components (docs/components.md): the best of several rounds, in this
// thread's own time, so that other work on the machine counts little.
//
//   bench_lowering [--out FOLDER] COMPONENT.wasm...
//
// One line each: name, bytes before and after, core modules, milliseconds. --out keeps the modules.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/file.h"
#include "component/lower.h"

namespace {

constexpr int kRounds = 5;

double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

ferry::Status measure(const std::string& path, const std::string& out) {
  FERRY_TRY(const ferry::Bytes file, ferry::read_file(path, ferry::wasm::kMaxWasmBytes));
  double best = 0;
  ferry::component::Lowered lowered;
  for (int round = 0; round < kRounds; ++round) {
    const double began = cpu_milliseconds();
    FERRY_TRY(const auto binary, ferry::wasm::read_binary(file));
    FERRY_TRY(lowered, ferry::component::lower(file, binary, ferry::digest_of(file)));
    const double took = cpu_milliseconds() - began;
    best = round == 0 ? took : std::min(best, took);
  }
  const std::filesystem::path name = std::filesystem::path(path).filename();
  fmt::print("{:<24} {:>10} {:>10} {:>3} modules {:>8.1f} ms\n", name.string(), file.size(),
             lowered.wasm.size(), lowered.description.core_modules, best);
  if (out.empty()) return ferry::Done{};
  return ferry::write_file_atomically((std::filesystem::path(out) / name).string(), lowered.wasm);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string out;
  if (arguments.size() >= 2 && arguments[0] == "--out") {
    out = arguments[1];
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  if (arguments.empty()) {
    fmt::print(stderr, "usage: bench_lowering [--out FOLDER] COMPONENT.wasm...\n");
    return 2;
  }
  for (const std::string& path : arguments) {
    if (const ferry::Status done = measure(path, out); !done.ok()) {
      fmt::print(stderr, "{}: {}\n", path, done.error().text());
      return 1;
    }
  }
  return 0;
}
