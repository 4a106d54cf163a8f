#include "commands/dev_lives.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "builder/quick_tier.h"
#include "commands/verb.h"
#include "commands/wasm_provider.h"
#include "emulators/list.h"
#include "engine/loader.h"
#include "host/recorder.h"
#include "http/listener.h"
#include "http/server.h"
#include "platforms/http_calls.h"
#include "platforms/list.h"
#include "serve/front.h"

namespace ferry::commands {
namespace {

// Of compiling, which goes on beside the next build and what answers meanwhile.
constexpr int kNice = 10;

// Capsules as lines to the process that started this one.
class ChannelRecorder final : public host::Recorder {
 public:
  explicit ChannelRecorder(int channel) : channel_(channel) {}

  void record(const host::Recorded& recorded) override {
    // What an interpreter tried in vain is run again on compiled code.
    if (provisional_.load() && recorded.engine.name == builder::kQuickEngine &&
        !host::is_the_same_everywhere(recorded.outcome)) {
      return;
    }
    auto line = capsule::to_line(capsule::capsule_of(recorded));
    if (line.ok()) send(*line + '\n');
  }
  void send(const std::string& line) {
    const std::lock_guard lock(mutex_);
    // Nobody listens any more when this fails, and then this process is about to end.
    static_cast<void>(write_all(channel_, as_bytes(line), "the channel").ok());
  }

  void set_provisional(bool is) { provisional_.store(is); }

 private:
  const int channel_;
  std::atomic<bool> provisional_{false};
  std::mutex mutex_;
};

std::string ready_line(const host::OutcomeOf& of, const function::Manifest& manifest) {
  boost::json::array grants;
  for (const std::string& grant : function::describe_grants(manifest.grants)) {
    grants.emplace_back(grant);  // names alone, never a variable's value
  }
  return boost::json::serialize(
             boost::json::object{{"ready", true},
                                 {"name", of.name},
                                 {"digest", of.digest},
                                 {"abi", std::string(wasm::abi_name(of.abi))},
                                 {"engine", of.engine_name + " " + of.engine_version},
                                 {"timeout_ms", manifest.limits.timeout.count()},
                                 {"memory_limit", manifest.limits.memory},
                                 {"grants", std::move(grants)}}) +
         '\n';
}

// Compiles a function that an interpreter answers meanwhile, in a process of its own, into the
// store; and puts the compiled version in the place of the provisional one. Ends with its owner.
class CompiledLater {
 public:
  // Forks: before this process has a thread or an engine. The other one waits for begin(): it would
  // take the processor from what is to answer first.
  static Result<std::unique_ptr<CompiledLater>> start(WasmProvider& provider,
                                                      const engine::EngineOptions& options) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
    const Fd turn(ends[0]);
    Fd begin(ends[1]);
    std::fflush(nullptr);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) return errno_error("start a process", errno);
    if (pid == 0) {
      end_with_parent(parent);
      setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kNice);
      begin.reset();
      static_cast<void>(read_all(turn.get(), 1, "a pipe").ok());  // until its other end is closed
      const auto made = provider.find_better({0, serve::Improvement::kCompiled}, options, {});
      if (!made.ok()) provider.complain(made.error());
      std::fflush(nullptr);
      _exit(made.ok() ? 0 : 1);
    }
    return std::unique_ptr<CompiledLater>(new CompiledLater(pid, std::move(begin)));
  }
  // Once what is provisional answers.
  void begin() { begin_.reset(); }
  // `then` is called once, on a thread of its own, with whether it was compiled.
  void watch(std::function<void(bool compiled)> then) {
    thread_ = std::thread([pid = pid_, then = std::move(then)] {
      siginfo_t info{};
      while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 &&
             errno == EINTR) {
      }
      then(info.si_code == CLD_EXITED && info.si_status == 0);
    });
  }
  ~CompiledLater() {
    kill(pid_, SIGKILL);  // not yet waited for, so the number is still its own
    if (thread_.joinable()) thread_.join();
    waitpid(pid_, nullptr, 0);
  }
  CompiledLater(const CompiledLater&) = delete;
  CompiledLater& operator=(const CompiledLater&) = delete;

 private:
  CompiledLater(pid_t pid, Fd begin) : pid_(pid), begin_(std::move(begin)) {}
  const pid_t pid_;
  Fd begin_;
  std::thread thread_;
};

Status serve(const std::string& path, const CommonOptions& common, int channel,
             const std::string& address) {
  WasmProvider provider({path}, common, {true, false});
  FERRY_TRY(const auto functions, provider.list({}));
  if (!provider.answer_quickly()) FERRY_CHECK_OK(provider.prepare());
  const engine::EngineOptions engine_options = serve::engine_options_for(functions);
  std::unique_ptr<CompiledLater> later;
  if (provider.is_provisional(0)) {
    FERRY_TRY(later, CompiledLater::start(provider, engine_options));
  }
  serve::Phases phases;
  FERRY_TRY(const serve::Running running,
            serve::bring_up(provider, functions, engine_options, {}, phases));
  const auto recorder = std::make_shared<ChannelRecorder>(channel);
  host::add_recorder(*running.functions[0].version(), recorder);
  serve::LogWriter log(STDERR_FILENO, serve::LogFormat::kText);
  serve::AdapterContext context = running.context(&log);
  const std::string ready = ready_line(platforms::outcomes_of(context)[0], functions[0].manifest);
  FERRY_TRY(platforms::Adapter adapter,
            platforms::find_platform("http")->make_adapter(std::move(context)));
  const std::vector<function::Limits> limits{functions[0].manifest.limits};
  FERRY_TRY(auto server, http::Server::make(serve::front_options(limits), *adapter.http));
  FERRY_TRY(Fd listener, http::listen_beside(address));
  FERRY_CHECK_OK(server->listen(std::move(listener)));
  if (later != nullptr) {
    recorder->set_provisional(true);
    later->watch([&](bool compiled) {
      const host::InService& function = running.functions[0];
      const Status changed = [&]() -> Status {
        if (!compiled) return Error{Code::kIo, "it was not compiled", ""};
        const engine::Info& info = running.engine->info();
        FERRY_TRY(const auto bundle, provider.bundle(0, info));
        FERRY_TRY(auto next,
                  running.host->load(bundle, {functions[0].name, functions[0].manifest, {}}));
        host::add_recorder(*next, recorder);
        const host::OutcomeOf of{host::name_of(*next), host::digest_of(*next), host::abi_of(*next),
                                 info.name, info.version};
        function.replace(std::move(next));
        recorder->send(ready_line(of, functions[0].manifest));
        return Done{};
      }();
      recorder->set_provisional(false);
      if (!changed.ok()) function.settle();  // the interpreter stays
    });
  }
  Status served = serve::serve_until_stopped(*server, [&] {
    recorder->send(ready);
    if (later != nullptr) later->begin();
  });
  later.reset();  // before what it changes goes
  return served;
}

std::string text_of(const platforms::Answer& answer) {
  std::string out = fmt::format("{}\n", answer.status);
  for (const auto& [name, value] : answer.fields)
    fmt::format_to(std::back_inserter(out), "{}: {}\n", name, value);
  return out + "\n" + answer.body;
}

Status send(const std::string& path, const CommonOptions& common, int channel,
            const workbench::Sent& sent) {
  FERRY_TRY(const function::Function function, builder::read_function(path, common));
  engine::EngineOptions options = builder::engine_options_for({&function, 1});
  options.max_instances = 4;
  FERRY_TRY(const auto engine, engine::load_engine(common.engine, options));
  FERRY_TRY(const auto bundle,
            builder::make_bundle(function, engine->info(), options, true, nullptr));
  host::Host host(*engine, system_clock(), system_random());
  FERRY_TRY(const auto loaded, host.load(bundle, {function.name, function.manifest, {}}));
  host::add_recorder(*loaded, std::make_shared<ChannelRecorder>(channel));
  const platforms::Emulation* emulation = platforms::find_emulation(sent.platform);
  if (emulation == nullptr) {
    return Error{Code::kInvalid, fmt::format("there is no platform '{}'", sent.platform), ""};
  }
  platforms::AdapterContext context{host, {loaded}, system_clock(), system_random()};
  FERRY_TRY(auto adapter, emulation->platform().make_adapter(std::move(context)));
  FERRY_TRY(const auto emulator,
            emulation->make_emulator(adapter, {nullptr, {function.manifest.limits}}));
  FERRY_TRY(const platforms::Answer answer,
            sent.native.empty() ? emulator->send(sent.event) : emulator->send_native(sent.native));
  return write_all(STDOUT_FILENO, as_bytes(text_of(answer)), "stdout");
}

int code_of(const Status& done) { return done.ok() ? kExitOk : give_up(done.error()); }

}  // namespace

int serve_for_dev(const std::string& function, const CommonOptions& common, int channel,
                  const std::string& address) {
  return code_of(serve(function, common, channel, address));
}

int send_for_dev(const std::string& function, const CommonOptions& common, int channel,
                 const workbench::Sent& sent) {
  return code_of(send(function, common, channel, sent));
}

}  // namespace ferry::commands
