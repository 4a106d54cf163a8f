#include "commands/wasm_provider.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <mutex>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/child.h"
#include "base/thread.h"
#include "builder/bundle_store.h"
#include "builder/quick_tier.h"
#include "builder/server_snapshot.h"
#include "commands/progress.h"
#include "commands/verb.h"
#include "engine/loader.h"
#include "packaging/signing.h"

namespace ferry::commands {
namespace {

bool has_quick_engine() {
  const auto plugins = engine::list_plugins();
  return std::ranges::find(plugins, builder::kQuickEngine, &engine::Plugin::name) != plugins.end();
}

}  // namespace

void WasmProvider::complain(const Error& error) const {
  commands::complain({error.message, error.hint});
}

Result<std::vector<serve::Listed>> WasmProvider::list(const serve::Wanted& wanted) {
  if (paths_.empty() && !wanted.may_be_none) {
    return Error{Code::kUsage, "FUNCTION is required",
                 "name a .wasm file, a ferry.toml, or a folder with one"};
  }
  for (const std::string& path : paths_) {
    FERRY_TRY(auto function, builder::read_function(path, common_));
    for (const function::Function& other : functions_) {
      if (other.name == function.name) {
        return Error{Code::kUsage, fmt::format("two functions are named '{}'", function.name),
                     "give one of them another name in its ferry.toml ([function] name)"};
      }
    }
    functions_.push_back(std::move(function));
  }
  for (function::Function& each : functions_) {
    if (each.name == wanted.only) {
      function::Function named = std::move(each);
      functions_.clear();
      functions_.push_back(std::move(named));
      break;
    }
  }
  builder::bundle_store();  // one for this process and all that it forks
  std::vector<serve::Listed> listed;
  listed.reserve(functions_.size());
  for (const function::Function& function : functions_) {
    listed.push_back({function.name, function.manifest});
  }
  return listed;
}

// Compiles what the store lacks, on all cores; but what another engine can answer meanwhile.
Result<Bytes> WasmProvider::compile() {
  FERRY_TRY(const auto engine, make_engine(builder::engine_options_for(functions_)));
  const engine::Info& info = engine->info();
  if (!common_.quiet) builder::say_advisory(info);
  const bool quick = later_.compiled && common_.engine.empty() && has_quick_engine();
  Bytes provisional(functions_.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    if (builder::is_stored(functions_[i], info)) continue;
    provisional[i] = quick && builder::may_answer_quickly(functions_[i]) ? 1 : 0;
    if (provisional[i] == 0) missing.push_back(i);
  }
  FERRY_CHECK_OK(compile_all(missing, info));
  return provisional;
}

Status WasmProvider::compile_all(const std::vector<std::size_t>& missing,
                                 const engine::Info& info) {
  const bool several = missing.size() > 1;
  if (several && !common_.quiet) {
    fmt::print(stderr, "ferry: compiling {} functions for {} {}, once\n", missing.size(), info.name,
               info.version);
  }
  ProgressLine line(common_.quiet || !several);
  std::mutex mutex;
  std::size_t next = 0;
  std::size_t done = 0;
  Status failed = Done{};
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (next < missing.size() && failed.ok()) {
      const std::size_t index = missing[next++];
      line.show(done, missing.size(), functions_[index].name);
      lock.unlock();
      bool cached = false;
      const auto made = builder::make_bundle(functions_[index], info, engine_options_,
                                             common_.quiet || several, &cached);
      lock.lock();
      ++done;
      if (!made.ok() && failed.ok()) failed = with_context(made.error(), functions_[index].name);
    }
  };
  work_together(std::min<std::size_t>(usable_cores(), missing.size()), work);
  return failed;
}

Status WasmProvider::prepare() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return errno_error("start a process", errno);
  }
  if (pid == 0) {
    end_with_parent(parent);  // it holds the listening socket too
    const auto compiled = compile();
    bool done = compiled.ok();
    if (done) {
      done = write_all(write_end.get(), *compiled, "a pipe").ok();
    } else {
      complain(compiled.error());
    }
    std::fflush(nullptr);
    _exit(done ? 0 : 1);
  }
  write_end.reset();
  auto provisional = read_all(read_end.get(), functions_.size(), "what was compiled");
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0 || !provisional.ok() || provisional->size() != functions_.size()) {
    return Error{Code::kNotFound, "the functions could not be compiled; the reason is above", ""};
  }
  provisional_ = *std::move(provisional);
  compiled_ = true;
  say_provisional();
  return Done{};
}

bool WasmProvider::answer_quickly() {
  const bool quick = later_.compiled && common_.engine.empty() && has_quick_engine() &&
                     std::ranges::all_of(functions_, builder::may_answer_quickly);
  if (!quick) return false;
  provisional_.assign(functions_.size(), 1);
  compiled_ = true;
  say_provisional();
  return true;
}

void WasmProvider::say_provisional() const {
  for (std::size_t i = 0; i < functions_.size() && !common_.quiet; ++i) {
    if (is_provisional(i)) {
      fmt::print(stderr, "ferry: {}: an interpreter answers until it is compiled\n",
                 functions_[i].name);
    }
  }
}

bool WasmProvider::is_provisional(std::size_t index) const {
  return index < provisional_.size() && provisional_[index] != 0;
}

Result<engine::LoadedEngine> WasmProvider::make_provisional_engine(
    const engine::EngineOptions& options) {
  return builder::make_quick_engine(options);
}

Result<bundle::Bundle> WasmProvider::provisional_bundle(std::size_t index,
                                                        const engine::Info& engine) {
  FERRY_CHECK_OK(builder::read_again(functions_[index]));
  return builder::make_quick_bundle(functions_[index], engine);
}

std::vector<serve::Search> WasmProvider::searches() const {
  std::vector<serve::Search> out;
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    if (is_provisional(i)) out.push_back({i, serve::Improvement::kCompiled});
  }
  for (std::size_t i = 0; i < functions_.size() && later_.snapshots; ++i) {
    out.push_back({i, serve::Improvement::kSnapshot});
  }
  return out;
}

Result<serve::Provider::Better> WasmProvider::find_better(const serve::Search& search,
                                                          const engine::EngineOptions& options,
                                                          const bundle::MacKey& key) {
  if (!trial_engine_) {
    engine::EngineOptions trial = options;
    trial.max_instances = std::max(options.max_instances, builder::kTrialInstances);
    FERRY_TRY(auto engine, make_engine(trial));
    trial_engine_ = std::move(engine);
  }
  FERRY_CHECK_OK(builder::read_again(functions_[search.function]));
  const function::Function& function = functions_[search.function];
  const engine::Info& info = (*trial_engine_)->info();
  // What came over the wire is not put into this user's store.
  if (adopted_ && !adopted_bundles_) {
    adopted_bundles_ = builder::passing_bundles(info, engine_options_);
  }
  builder::ServerVersion made;
  if (search.what == serve::Improvement::kSnapshot) {
    builder::Looking looking{std::nullopt, [this] { forget_keys(); }};
    if (!adopted_) {
      FERRY_TRY(looking.original, builder::stored_bundles(info, engine_options_)(function));
    } else if (is_provisional(0)) {  // its code was looked for first
      FERRY_TRY(looking.original, adopted_bundles_(function));
    }
    FERRY_TRY(made, builder::snapshot_for_server(**trial_engine_, engine_options_, function, key,
                                                 later_.where, looking));
  } else {
    const auto bundles =
        adopted_ ? adopted_bundles_ : builder::stored_bundles(info, engine_options_);
    FERRY_TRY(made, builder::compiled_for_server(info, function, key, bundles));
  }
  return Better{std::move(made.bundle), std::move(made.words)};
}

bool WasmProvider::may_be_provisional(const function::Function& upload) const {
  return later_.compiled && common_.engine.empty() && has_quick_engine() &&
         builder::may_answer_quickly(upload);
}

Result<bundle::Bundle> WasmProvider::provisional_bundle_of(const function::Function& upload,
                                                           const engine::Info& engine) {
  return builder::make_quick_bundle(upload, engine);
}

void WasmProvider::adopt(function::Function function, bool provisional) {
  adopted_ = true;
  functions_.clear();
  functions_.push_back(std::move(function));
  provisional_.assign(1, provisional ? 1 : 0);
}

Result<engine::LoadedEngine> WasmProvider::make_engine(engine::EngineOptions options) {
  if (!common_.engine.empty()) {
    options.variant.clear();  // the user's choice stands
  }
  FERRY_TRY(auto engine, engine::load_engine(common_.engine, options));
  engine_options_ = options;
  engine_options_.variant = engine->info().variant;
  return engine;
}

Result<bundle::Bundle> WasmProvider::bundle(std::size_t index, const engine::Info& engine) {
  bool cached = false;
  const auto make = [&] {
    return builder::make_bundle(functions_[index], engine, engine_options_,
                                common_.quiet || compiled_, &cached);
  };
  auto made = make();
  if (made.ok() || !functions_[index].wasm.empty()) return made;
  FERRY_CHECK_OK(builder::read_again(functions_[index]));  // the store has lost it
  return make();
}

std::unique_ptr<serve::Provider> WasmProvider::fresh() const {
  CommonOptions silent = common_;
  silent.quiet = true;
  return std::make_unique<WasmProvider>(paths_, std::move(silent),
                                        Later{false, later_.snapshots, later_.where});
}

void WasmProvider::distrust_kept_code() { builder::bundle_store().prove_whole(); }

void WasmProvider::forget_keys() { builder::bundle_store().forget_key(); }

void WasmProvider::let_go() {
  for (function::Function& each : functions_) {
    Bytes().swap(each.wasm);
    each.binary = {};
  }
}

Result<std::optional<bundle::VerifyKey>> WasmProvider::upload_key() {
  FERRY_TRY(const packaging::KeyPair keys, packaging::load_key_pair(""));
  return std::optional<bundle::VerifyKey>(keys.shown);
}

}  // namespace ferry::commands
