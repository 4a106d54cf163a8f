#include "commands/dev_lives.h"

#include <mutex>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

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

// Capsules as lines to whoever started this process.
class ChannelRecorder final : public host::Recorder {
 public:
  explicit ChannelRecorder(int channel) : channel_(channel) {}

  void record(const host::Recorded& recorded) override {
    auto line = capsule::to_line(capsule::capsule_of(recorded));
    if (line.ok()) send(*line + '\n');
  }
  void send(const std::string& line) {
    const std::lock_guard lock(mutex_);
    // Nobody listens any more when this fails, and then this process is about to end.
    static_cast<void>(write_all(channel_, as_bytes(line), "the channel").ok());
  }

 private:
  const int channel_;
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

Status serve(const std::string& path, const CommonOptions& common, int channel,
             const std::string& address) {
  WasmProvider provider({path}, common);
  FERRY_TRY(const auto functions, provider.list({}));
  FERRY_CHECK_OK(provider.prepare());
  serve::Phases phases;
  FERRY_TRY(const serve::Running running,
            serve::bring_up(provider, functions, serve::engine_options_for(functions), {}, phases));
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
  serve::serve_until_stopped(*server, [&] { recorder->send(ready); });
  return Done{};
}

std::string text_of(const platforms::Answer& answer) {
  std::string out = fmt::format("{}\n", answer.status);
  for (const auto& [name, value] : answer.fields) out += name + ": " + value + "\n";
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
