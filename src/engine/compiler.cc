#include "engine/compiler.h"

#include <charconv>
#include <csignal>
#include <cstring>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/this_program.h"
#include "wasm/binary.h"

namespace ferry::engine {
namespace {

// The child exits with this plus its error's code, and its message on stderr.
constexpr int kExitBase = 64;
constexpr std::size_t kMaxMessage = 64u << 10;

Error limit_error(std::string what) {
  return Error{Code::kLimit, "compiling the function took more than " + std::move(what),
               "a smaller module, or compile it ahead where there is more to spend"};
}

Error describe(const ChildEnd& got, const CompileLimits& limits) {
  if (WIFEXITED(got.status)) {
    const int code = WEXITSTATUS(got.status) - kExitBase;
    if (code >= 0 && code <= static_cast<int>(Code::kInternal)) {
      return Error{static_cast<Code>(code), got.err, ""};
    }
    return Error{Code::kInternal,
                 "the compiler ended with exit code " + std::to_string(WEXITSTATUS(got.status)) +
                     ": " + got.err,
                 ""};
  }
  const int signal = WTERMSIG(got.status);
  if (signal == SIGXCPU || signal == SIGKILL) {
    return limit_error(std::to_string(limits.cpu_time.count()) + " s of CPU time");
  }
  // Rust's and C++'s last words when memory is refused.
  if (signal == SIGABRT && (got.err.find("memory allocation of") != std::string::npos ||
                            got.err.find("bad_alloc") != std::string::npos)) {
    return limit_error(std::to_string(limits.memory >> 20) + " MiB of memory");
  }
  return Error{Code::kInternal,
               std::string("the compiler crashed (") + strsignal(signal) + "): " + got.err, ""};
}

void set_limit(int resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  setrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
}

int fail(const Error& error) {
  const std::string text = error.text();
  static_cast<void>(write_all(2, as_bytes(text), "stderr"));
  return kExitBase + static_cast<int>(error.code);
}

template <typename T>
T number(const char* text) {
  T out{};
  std::from_chars(text, text + std::strlen(text), out);
  return out;
}

}  // namespace

Result<Bytes> compile_in_child(const std::string& engine, const EngineOptions& options,
                               ByteView prepared, const CompileLimits& limits) {
  FERRY_TRY(const Fd input, memory_input(prepared, "the module to the compiler"));
  ChildBounds bounds;
  bounds.wall = limits.cpu_time * kWallPerCpu;
  bounds.out = limits.artifact;
  bounds.err = kMaxMessage;
  FERRY_TRY(ChildEnd end,
            run_child(this_program(),
                      {"ferry", kCompileVerb, engine, options.variant,
                       options.count_instructions ? "1" : "0",
                       std::to_string(limits.cpu_time.count()), std::to_string(limits.memory),
                       options.symbols ? "1" : "0", std::to_string(getpid())},
                      input.get(), bounds));
  if (end.too_much) return limit_error(std::to_string(limits.artifact >> 20) + " MiB of code");
  if (end.too_late) {
    return limit_error(std::to_string(limits.cpu_time.count() * kWallPerCpu) + " s");
  }
  if (!end.fine()) return describe(end, limits);
  return std::move(end.out);
}

int compile_child_main(int argc, char** argv, const MakeEngine& make) {
  if (argc != 9) {
    return fail({Code::kUsage,
                 std::string(kCompileVerb) + " is internal to ferry and not meant to be typed",
                 ""});
  }
  // Whoever started us wants the result: without them there is nothing to do.
  end_with_parent(number<pid_t>(argv[8]));
  const auto cpu = number<rlim_t>(argv[5]);
  set_limit(RLIMIT_CPU, cpu, cpu + 1);
  set_limit(RLIMIT_CORE, 0, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const auto memory = number<rlim_t>(argv[6]);
  set_limit(RLIMIT_AS, memory, memory);
#endif
  EngineOptions options;
  options.variant = argv[3];
  options.count_instructions = std::string_view(argv[4]) == "1";
  options.compile_only = true;
  options.symbols = std::string_view(argv[7]) == "1";

  Result<Bytes> wasm = read_all(0, wasm::kMaxWasmBytes * 2, "the module");
  if (!wasm.ok()) return fail(wasm.error());
  Result<LoadedEngine> engine = make(argv[2], options);
  if (!engine.ok()) return fail(engine.error());
  Result<Bytes> artifact = (**engine).compile(*wasm);
  if (!artifact.ok()) return fail(artifact.error());
  const Status written = write_all(1, *artifact, "the compiled module");
  if (!written.ok()) return fail(written.error());
  return 0;
}

}  // namespace ferry::engine
