#include "commands/serve_worker.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/verb.h"
#include "platforms/front.h"

namespace ferry::commands {
namespace {

struct Engine {
  engine::LoadedEngine engine;
  engine::EngineOptions options;
};

Result<Engine> make_engine(const std::vector<function::Function>& functions,
                           const ServeOptions& options) {
  engine::EngineOptions engine_options = engine_options_for(functions);
  FERRY_TRY(auto engine, engine::load_engine(options.common.engine, engine_options));
  return Engine{std::move(engine), engine_options};
}

Status prepare(const std::vector<function::Function>& functions, const ServeOptions& options) {
  FERRY_TRY(Engine made, make_engine(functions, options));
  for (const function::Function& function : functions) {
    bool cached = false;
    FERRY_TRY(auto bundle, make_bundle(function, made.engine->info(), made.options,
                                       options.common.quiet, &cached));
  }
  return Done{};
}

Status work(const std::vector<function::Function>& functions, const ServeOptions& options,
            Fd listener, http::Board& board, std::size_t index) {
  FERRY_TRY(Engine made, make_engine(functions, options));
  host::Host host(*made.engine, system_clock(), system_random());
  platforms::LogWriter log(STDERR_FILENO, options.log_format);
  platforms::AdapterContext context{host, {}, system_clock(), system_random()};
  context.log = options.common.quiet ? nullptr : &log;
  context.reads_logs = context.log != nullptr;  // what is observed is only counted
  context.observe = [&](std::size_t function, const host::Outcome& outcome, Nanoseconds took) {
    board.function(index, function)
        .count(static_cast<std::size_t>(outcome.status),
               static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)) / 1000);
  };
  for (const function::Function& function : functions) {
    bool cached = false;
    FERRY_TRY(auto bundle, make_bundle(function, made.engine->info(), made.options, true, &cached));
    host::LoadOptions load{function.name, function.manifest, {}};
    FERRY_TRY(auto loaded, host.load(bundle, load));
    context.functions.push_back(std::move(loaded));
  }
  FERRY_TRY(auto adapter, options.platform->make_adapter(std::move(context)));
  http::WorkerCounters& counters = board.worker(index);
  std::vector<function::Limits> limits;
  limits.reserve(functions.size());
  for (const function::Function& function : functions) {
    limits.push_back(function.manifest.limits);
  }
  http::ServerOptions front = platforms::front_options(limits);
  front.counters = &counters.front;
  FERRY_TRY(auto server, http::Server::make(std::move(front), *adapter));
  FERRY_CHECK_OK(server->listen(std::move(listener)));
  platforms::serve_until_told(*server,
                              [&] { counters.ready.store(true, std::memory_order_release); });
  return Done{};
}

}  // namespace

Result<std::vector<function::Function>> read_functions(const ServeOptions& options) {
  std::vector<function::Function> functions;
  for (const std::string& path : options.paths) {
    FERRY_TRY(auto function, read_function(path, options.common));
    for (const function::Function& other : functions) {
      if (other.name == function.name) {
        return Error{Code::kUsage, fmt::format("two functions are named '{}'", function.name),
                     "give one of them another name in its ferry.toml ([function] name)"};
      }
    }
    functions.push_back(std::move(function));
  }
  return functions;
}

Status prepare_in_child(const std::vector<function::Function>& functions,
                        const ServeOptions& options) {
  std::fflush(nullptr);
  pid_t pid = fork();
  if (pid < 0) {
    return errno_error("start a process", errno);
  }
  if (pid == 0) {
    Status prepared = prepare(functions, options);
    if (!prepared.ok()) {
      complain({prepared.error().message, prepared.error().hint});
    }
    std::fflush(nullptr);
    _exit(prepared.ok() ? 0 : 1);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) {
    return Error{Code::kNotFound, "the functions could not be made ready", ""};
  }
  return Done{};
}

int serve_worker(const std::vector<function::Function>& functions, const ServeOptions& options,
                 Fd listener, http::Board& board, std::size_t index) {
  Status worked = work(functions, options, std::move(listener), board, index);
  if (!worked.ok()) {
    complain({worked.error().message, worked.error().hint});
    return 1;
  }
  return 0;
}

}  // namespace ferry::commands
