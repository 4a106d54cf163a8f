#include "builder/quick_tier.h"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/bundle_store.h"
#include "builder/function_options.h"

namespace ferry::builder {
namespace {

// Less is compiled before anybody notices.
constexpr std::size_t kLeastWasm = 512u << 10;

}  // namespace

bool may_answer_quickly(const function::Function& function) {
  const function::Manifest& manifest = function.manifest;
  return function.wasm.size() >= kLeastWasm && manifest.grants.dirs.empty() &&
         !manifest.grants.network() && !manifest.limits.instructions;
}

Result<engine::LoadedEngine> make_quick_engine(const engine::EngineOptions& options) {
  engine::EngineOptions quick = options;
  quick.variant = engine::kLazyVariant;
  return engine::load_engine(std::string(kQuickEngine), quick);
}

Result<bundle::Bundle> make_quick_bundle(const function::Function& function,
                                         const engine::Info& quick) {
  if (quick.capabilities.compiles_ahead) {
    return Error{Code::kUnsupported, quick.name + " compiles, which takes long", ""};
  }
  bundle::Store store = bundle::Store::in_memory();
  const auto as_it_is = [](ByteView prepared) -> Result<Bytes> {
    return Bytes(prepared.begin(), prepared.end());
  };
  return store.get(function, quick, as_it_is, nullptr);
}

bool is_stored(const function::Function& function, const engine::Info& engine) {
  return bundle_store().holds(function, engine);
}

void compile_behind(const function::Function& function, const engine::Info& engine,
                    const engine::EngineOptions& options) {
  if (bundle_store().folder().empty()) return;  // it could not be kept
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid > 0) {
    waitpid(pid, nullptr, 0);
    return;
  }
  if (pid < 0) return;  // it is compiled when it is needed
  // Nobody waits for the second: it belongs to no terminal and holds nobody's pipe open.
  setsid();
  if (fork() != 0) _exit(0);
  std::signal(SIGHUP, SIG_IGN);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {0, 1, 2}) dup2(nothing, fd);
  static_cast<void>(make_bundle(function, engine, options, true, nullptr).ok());
  _exit(0);
}

}  // namespace ferry::builder
