#include "engine/compiler.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "function/binary.h"

namespace ferry::engine {
namespace {

using Clock = std::chrono::steady_clock;

// The child exits with this plus its error's code, and its message on stderr.
constexpr int kExitBase = 64;
constexpr std::size_t kMaxMessage = 64u << 10;

// The child may wait for a busy machine, but not for ever.
constexpr int kWallPerCpu = 5;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// A file in memory rather than a pipe: nothing to feed, and a child that dies cannot stop us.
Result<Fd> input_of(ByteView bytes) {
  Fd fd(memfd_create("ferry-compile", MFD_CLOEXEC));
  if (!fd.valid()) return errno_error("hand the module to the compiler", errno);
  FERRY_CHECK_OK(write_all(fd.get(), bytes, "the compiler's input"));
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return errno_error("rewind the module", errno);
  return fd;
}

class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      static_cast<void>(wait());
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

Result<pid_t> spawn(const std::string& engine, const EngineOptions& options,
                    const CompileLimits& limits, int input, int output, int errors) {
  std::array<std::string, 7> words = {"ferry",
                                      kCompileVerb,
                                      engine,
                                      options.variant,
                                      options.count_instructions ? "1" : "0",
                                      std::to_string(limits.cpu_time.count()),
                                      std::to_string(limits.memory)};
  std::array<char*, 8> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, errors, 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return errno_error("start the compiler", failed);
  return pid;
}

struct Collected {
  Bytes artifact;
  std::string message;
  bool too_large = false;
  bool too_late = false;
};

// Reads both pipes until both have ended.
Collected collect(int output, int errors, const CompileLimits& limits) {
  Collected out;
  std::array<pollfd, 2> polled = {pollfd{output, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
  std::array<std::uint8_t, 64u << 10> chunk{};
  const auto until = Clock::now() + limits.cpu_time * kWallPerCpu;
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) {
      out.too_late = true;
      return out;
    }
    if (poll(polled.data(), polled.size(), static_cast<int>(std::min<long>(left, 60'000))) < 0 &&
        errno != EINTR) {
      return out;
    }
    for (pollfd& one : polled) {
      if (one.fd < 0 || one.revents == 0) continue;
      const ssize_t got = read(one.fd, chunk.data(), chunk.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        one.fd = -1;
        continue;
      }
      const auto size = static_cast<std::size_t>(got);
      if (&one == polled.data()) {
        if (out.artifact.size() + size > limits.artifact) {
          out.too_large = true;
          return out;
        }
        out.artifact.insert(out.artifact.end(), chunk.data(), chunk.data() + size);
      } else {
        const std::size_t room = kMaxMessage - std::min(kMaxMessage, out.message.size());
        out.message.append(reinterpret_cast<const char*>(chunk.data()), std::min(size, room));
      }
    }
  }
  return out;
}

Error limit_error(std::string what) {
  return Error{Code::kLimit, "compiling the function took more than " + std::move(what),
               "a smaller module, or compile it ahead where there is more to spend"};
}

Error describe(int status, const Collected& got, const CompileLimits& limits) {
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status) - kExitBase;
    if (code >= 0 && code <= static_cast<int>(Code::kInternal)) {
      return Error{static_cast<Code>(code), got.message, ""};
    }
    return Error{Code::kInternal,
                 "the compiler ended with exit code " + std::to_string(WEXITSTATUS(status)) + ": " +
                     got.message,
                 ""};
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGXCPU || signal == SIGKILL) {
    return limit_error(std::to_string(limits.cpu_time.count()) + " s of CPU time");
  }
  // Rust's and C++'s last words when memory is refused.
  if (signal == SIGABRT && (got.message.find("memory allocation of") != std::string::npos ||
                            got.message.find("bad_alloc") != std::string::npos)) {
    return limit_error(std::to_string(limits.memory >> 20) + " MiB of memory");
  }
  return Error{Code::kInternal,
               std::string("the compiler crashed (") + strsignal(signal) + "): " + got.message, ""};
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
  FERRY_TRY(Fd input, input_of(prepared));
  FERRY_TRY(Pipe output, make_pipe());
  FERRY_TRY(Pipe errors, make_pipe());
  FERRY_TRY(const pid_t pid,
            spawn(engine, options, limits, input.get(), output.write.get(), errors.write.get()));
  Child child(pid);
  output.write.reset();
  errors.write.reset();
  Collected got = collect(output.read.get(), errors.read.get(), limits);
  if (got.too_large) return limit_error(std::to_string(limits.artifact >> 20) + " MiB of code");
  if (got.too_late) {
    return limit_error(std::to_string(limits.cpu_time.count() * kWallPerCpu) + " s");
  }
  const int status = child.wait();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return describe(status, got, limits);
  return std::move(got.artifact);
}

int compile_child_main(int argc, char** argv, const MakeEngine& make) {
  if (argc != 7) {
    return fail(
        {Code::kUsage, std::string(kCompileVerb) + " is ferry's own and not for hands", ""});
  }
  // Whoever started us wants the result: without them there is nothing to do.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
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

  Result<Bytes> wasm = read_all(0, function::kMaxWasmBytes * 2, "the module");
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
