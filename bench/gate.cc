// Events for bench/gate.py to count instructions of: the same one, EVENTS times over. Two runs of
// different length tell what one event takes, without the start.
//
//   bench_gate invoke|invoke-new|adapter FUNCTION.wasm EVENTS
//
// invoke: through host::Host alone, with a kept instance or a new one for each event. adapter: from
// an HTTP request to an HTTP answer, no socket.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "bundle/store.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "function/function.h"
#include "host/host.h"
#include "platforms/http/adapter.h"

namespace {

using namespace ferry;

// Made for an instruction set that valgrind knows.
constexpr char kEngine[] = "wasmtime:portable";
constexpr std::string_view kData = R"({"name":"Ada"})";
constexpr std::string_view kReply = R"({"message":"Hello, Ada!"})";

Status invoke_all(host::Host& host, host::Loaded& loaded, int events) {
  event::Event event;
  event.id = "1";
  event.source = "/bench";
  event.type = "bench";
  event.data = kData;
  for (int n = 0; n < events; ++n) {
    const host::Outcome outcome = host.invoke(loaded, event, {});
    if (outcome.reply.data != kReply) return Error{Code::kInternal, "a wrong reply", ""};
  }
  return Done{};
}

Status answer_all(host::Host& host, std::shared_ptr<host::Loaded> loaded, int events) {
  platforms::AdapterContext context{host, {std::move(loaded)}, system_clock(), system_random()};
  context.reads_logs = false;  // as `ferry serve --quiet`
  context.observe = [](std::size_t, const host::Outcome&, Nanoseconds) {};
  FERRY_TRY(auto adapter, platforms::http_platform().make_adapter(std::move(context)));
  http::Request request;
  request.method = "POST";
  request.target = "/";
  const std::string length = std::to_string(kData.size());
  const std::vector<http::Field> fields = {
      {"host", "localhost"}, {"content-type", "application/json"}, {"content-length", length}};
  request.fields = fields;
  request.body = kData;
  for (int n = 0; n < events; ++n) {
    http::Response response;
    adapter.http->handle(request, response);
    if (response.body != kReply) return Error{Code::kInternal, "a wrong reply", ""};
  }
  return Done{};
}

Status count(std::string_view way, const std::string& path, int events) {
  FERRY_TRY(const auto function, function::load_function(path, ""));
  engine::EngineOptions options;
  options.max_memory = function.manifest.limits.memory;
  options.max_instances = 2;  // valgrind has little address space to give
  FERRY_TRY(auto engine, engine::load_engine(kEngine, options));
  FERRY_TRY(auto store, bundle::Store::open({}));
  FERRY_TRY(const auto bundle, store.get(
                                   function, engine->info(),
                                   [&](ByteView prepared) {
                                     return engine::compile_in_child(kEngine, options, prepared,
                                                                     {});
                                   },
                                   nullptr));
  // Valgrind reads ahead of what runs, and must not meet code that is still closed.
  FERRY_CHECK_OK(bundle.artifact->proven());
  host::Host host(*engine, system_clock(), system_random());
  host::LoadOptions load{function.name, function.manifest, {}};
  load.keeping.enabled = way != "invoke-new";
  FERRY_TRY(auto loaded, host.load(bundle, load));
  return way == "adapter" ? answer_all(host, std::move(loaded), events)
                          : invoke_all(host, *loaded, events);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == engine::kCompileVerb) {
    return engine::compile_child_main(argc, argv, engine::load_engine);
  }
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_gate invoke|invoke-new|adapter FUNCTION.wasm EVENTS\n");
    return 2;
  }
  const Status counted = count(argv[1], argv[2], std::atoi(argv[3]));
  if (!counted.ok()) {
    fmt::print(stderr, "bench_gate: {}\n", counted.error().text());
    return 1;
  }
  return 0;
}
