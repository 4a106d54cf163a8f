#include "platforms/lambda/runtime.h"

#include <charconv>
#include <csignal>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "platforms/lambda/adapter.h"
#include "platforms/lambda/runtime_api.h"
#include "serve/in_place.h"
#include "serve/running.h"
#include "serve/shut_in.h"

namespace ferry::platforms::lambda {
namespace {

constexpr unsigned kMaxConcurrency = 1024;

void note(const std::string& text) {
  std::string line = "ferry: " + text + "\n";
  static_cast<void>(write_all(STDERR_FILENO, as_bytes(line), "stderr").ok());
}

Result<serve::Delivery> delivery_of(http::ClientResponse next, const Clock& clock) {
  serve::Delivery delivery;
  delivery.attributes = std::move(next.fields);
  delivery.payload = std::move(next.body);
  delivery.arrival = clock.monotonic();
  delivery.id = delivery.attribute(kRequestId);
  delivery.deadline = deadline_of(delivery.attribute(kDeadline), clock);
  // It becomes part of a path. Lambda's are UUIDs.
  constexpr std::string_view kIdLetters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";
  if (delivery.id.empty() || delivery.id.size() > 256 ||
      delivery.id.find_first_not_of(kIdLetters) != std::string::npos) {
    return Error{Code::kInvalid, "the Runtime API handed over an invocation without a usable id",
                 ""};
  }
  return delivery;
}

// Invocations, one after the other, over one connection.
class RuntimeSource final : public serve::Source {
 public:
  RuntimeSource(RuntimeApi api, const Clock& clock) : api_(std::move(api)), clock_(clock) {}

  Result<std::optional<serve::Delivery>> next() override {
    FERRY_TRY(auto next, api_.next());
    if (!next) {
      return std::optional<serve::Delivery>();
    }
    FERRY_TRY(auto delivery, delivery_of(*std::move(next), clock_));
    return std::optional(std::move(delivery));
  }

  Status settle(const serve::Delivery& delivery, const serve::Answer& answer) override {
    FERRY_TRY(const int status, post(delivery, answer));
    // Too late, too large, answered already: Lambda tells its caller; the next one is not ours to
    // lose. "A container error" (500) ends the runtime.
    if (status >= 500) {
      return Error{Code::kIo,
                   fmt::format("the Runtime API answered {} with {}", delivery.id, status), ""};
    }
    if (status != 202) {
      note(fmt::format("Lambda did not take the answer to {}: it says {}", delivery.id, status));
    }
    return Done{};
  }

 private:
  Result<int> post(const serve::Delivery& delivery, const serve::Answer& answer) {
    if (!answer.error_type.empty()) {
      return api_.fail(delivery.id, answer.error_type, answer.body);
    }
    if (answer.streamed) {
      // What is left now, for sending alone.
      return api_.stream(delivery.id, {answer.content_type, answer.body,
                                       deadline_of(delivery.attribute(kDeadline), clock_)});
    }
    return api_.respond(delivery.id, answer.body);
  }

  RuntimeApi api_;
  const Clock& clock_;
};

// Layers are unpacked into /opt, where the program is; the function's own zip into the task root.
// What is nearer to the function wins.
serve::Wanted wanted(const RuntimeOptions& runtime) {
  const char* root = std::getenv("LAMBDA_TASK_ROOT");  // NOLINT(concurrency-mt-unsafe): no thread
  const std::string task = root == nullptr || *root == '\0' ? "/var/task" : root;
  return {{task, task + "/ferry", "ferry"}, runtime.handler};
}

// The Runtime API is the one thing that the process connects to.
host::sandbox::Needs needs_of(const std::vector<serve::Listed>& functions,
                              const RuntimeOptions& runtime, const serve::Options& options) {
  host::sandbox::Needs needs = serve::needs_of(functions, options.record);
  const std::size_t colon = runtime.api.rfind(':');
  const std::string_view port = std::string_view(runtime.api).substr(colon + 1);
  std::from_chars(port.data(), port.data() + port.size(), needs.port);
  return needs;
}

struct Started {
  std::unique_ptr<serve::InPlaceImprover> improver;
  serve::Running running;
  host::sandbox::Needs needs;
};

Result<Started> start(serve::Provider& provider, const RuntimeOptions& runtime,
                      const serve::Options& options) {
  serve::Phases phases;
  FERRY_TRY(const auto functions, provider.list(wanted(runtime)));
  FERRY_CHECK_OK(provider.prepare());
  phases.end_of("bundle");
  const engine::EngineOptions engine = serve::engine_options_for(functions);
  FERRY_TRY(auto improver,
            serve::InPlaceImprover::make(provider, functions, engine, !options.quiet));
  capsule::RecordOptions record = options.record;
  record.at_once = true;  // an answered process is frozen, and may never run again
  FERRY_TRY(auto running, serve::bring_up(provider, functions, engine, record, phases));
  phases.print();
  return Started{std::move(improver), std::move(running), needs_of(functions, runtime, options)};
}

}  // namespace

Status serve(serve::Provider& provider, const serve::Options& options) {
  FERRY_TRY(const RuntimeOptions runtime, runtime_options([](const char* name) {
              return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread yet
            }));
  if (options.print_sandbox) {
    FERRY_TRY(const auto functions, provider.list(wanted(runtime)));
    serve::print_sandbox(options, needs_of(functions, runtime, options));
    return Done{};
  }
  auto started = start(provider, runtime, options);
  if (!started.ok()) {
    return init_failed(runtime, std::move(started).error());
  }
  serve::LogWriter log(STDERR_FILENO, runtime.log_format);
  std::unique_ptr<serve::ChangeReceiver> improving;
  return run_runtime(runtime, started->running.context(options.quiet ? nullptr : &log), [&] {
    serve::shut_in(provider, options, started->needs);
    if (auto begun = started->improver->begin(started->running); begun.ok()) {
      improving = *std::move(begun);
    } else {
      provider.complain(begun.error());  // what is served stays as it is
    }
  });
}

Result<RuntimeOptions> runtime_options(const std::function<const char*(const char*)>& env) {
  auto get = [&](const char* name) {
    const char* value = env(name);
    return std::string(value == nullptr ? "" : value);
  };
  RuntimeOptions out;
  out.api = get("AWS_LAMBDA_RUNTIME_API");
  if (out.api.empty()) {
    return Error{Code::kUsage, "AWS_LAMBDA_RUNTIME_API is not set, so this is not Lambda",
                 "Lambda and its emulators set it to HOST:PORT"};
  }
  out.handler = get("_HANDLER");
  if (std::string text = get("AWS_LAMBDA_MAX_CONCURRENCY"); !text.empty()) {
    auto end = std::from_chars(text.data(), text.data() + text.size(), out.concurrency);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size() || out.concurrency < 1 ||
        out.concurrency > kMaxConcurrency) {
      return Error{Code::kUsage,
                   fmt::format("AWS_LAMBDA_MAX_CONCURRENCY is '{}', not a number from 1 to {}",
                               text, kMaxConcurrency),
                   ""};
    }
  }
  if (const std::string word = get("FERRY_LAMBDA_STREAMING"); !word.empty()) {
    if (word != "on" && word != "off") {
      return Error{Code::kUsage, fmt::format("FERRY_LAMBDA_STREAMING is '{}', not on or off", word),
                   ""};
    }
    out.streaming = word == "on";
  }
  if (get("AWS_LAMBDA_LOG_FORMAT") == "Text") {
    out.log_format = serve::LogFormat::kText;
  }
  return out;
}

Status init_failed(const RuntimeOptions& options, Error error) {
  constexpr char kType[] = "Host.InitFailed";
  auto api = RuntimeApi::at(options.api, -1);
  if (api.ok()) {
    Report report = error_report(kType, error.text());
    if (auto reported = api->fail_init(kType, report.body); !reported.ok()) {
      note(reported.error().text());
    }
  }
  return error;
}

Status run_loop(const RuntimeOptions& options, serve::DeliveryHandler& handler, const Clock& clock,
                int stop_fd) {
  const auto connect = [&]() -> Result<std::unique_ptr<serve::Source>> {
    FERRY_TRY(RuntimeApi api, RuntimeApi::at(options.api, stop_fd));
    return std::unique_ptr<serve::Source>(std::make_unique<RuntimeSource>(std::move(api), clock));
  };
  return serve::run_source(connect, handler, options.concurrency, stop_fd);
}

Status run_runtime(const RuntimeOptions& options, AdapterContext context,
                   const std::function<void()>& before_events) {
  auto function = function_of(context, options.handler);
  if (!function.ok()) {
    return init_failed(options, std::move(function).error());
  }
  std::signal(SIGHUP, SIG_IGN);  // each version of a function has a sandbox of its own
  auto stop = serve::stop_on_signal(false);
  if (!stop.ok()) {
    return init_failed(options, std::move(stop).error());
  }
  const Clock& clock = context.clock;
  auto adapter = LambdaAdapter::make(std::move(context), {*function, options.streaming});
  if (!adapter.ok()) {
    return init_failed(options, std::move(adapter).error());
  }
  before_events();
  Status ended = run_loop(options, **adapter, clock, stop->get());
  std::signal(SIGTERM, SIG_IGN);
  return ended;
}

}  // namespace ferry::platforms::lambda
