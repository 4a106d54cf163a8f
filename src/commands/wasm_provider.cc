#include "commands/wasm_provider.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/bundle_store.h"
#include "commands/verb.h"
#include "engine/loader.h"
#include "packaging/signing.h"

namespace ferry::commands {

void WasmProvider::complain(const Error& error) const {
  commands::complain({error.message, error.hint});
}

Result<std::vector<serve::Listed>> WasmProvider::list(const serve::Wanted& wanted) {
  if (paths_.empty() && !wanted.may_be_none) {
    return Error{Code::kUsage, "FUNCTION is required",
                 "only --platform openwhisk starts without one"};
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
  for (const function::Function& function : functions_) {
    listed.push_back({function.name, function.manifest});
  }
  return listed;
}

Status WasmProvider::compile() {
  FERRY_TRY(const auto engine, make_engine(builder::engine_options_for(functions_)));
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    FERRY_CHECK_OK(bundle(i, engine->info()));
  }
  return Done{};
}

Status WasmProvider::prepare() {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) {
    return errno_error("start a process", errno);
  }
  if (pid == 0) {
    const Status compiled = compile();
    if (!compiled.ok()) {
      complain(compiled.error());
    }
    std::fflush(nullptr);
    _exit(compiled.ok() ? 0 : 1);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) {
    return Error{Code::kNotFound, "the functions could not be compiled; the reason is above", ""};
  }
  compiled_ = true;
  return Done{};
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
  return builder::make_bundle(functions_[index], engine, engine_options_,
                              common_.quiet || compiled_, &cached);
}

Result<std::optional<bundle::VerifyKey>> WasmProvider::upload_key() {
  FERRY_TRY(const packaging::KeyPair keys, packaging::load_key_pair(""));
  return std::optional<bundle::VerifyKey>(keys.shown);
}

}  // namespace ferry::commands
