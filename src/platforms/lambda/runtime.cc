#include "platforms/lambda/runtime.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "platforms/lambda/adapter.h"
#include "platforms/lambda/runtime_api.h"
#include "serve/running.h"

namespace ferry::platforms::lambda {
namespace {

constexpr unsigned kMaxConcurrency = 1024;

// For the signal handler; set once, before the handler is.
int stop_fd_of_process = -1;

void note(const std::string& text) {
  std::string line = "ferry: " + text + "\n";
  static_cast<void>(write_all(STDERR_FILENO, as_bytes(line), "stderr").ok());
}

void tell(int eventfd) {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(eventfd, &one, sizeof one);
}

// One thread's share: invocations, one after the other.
class Loop {
 public:
  Loop(RuntimeApi api, http::Service& adapter, const Clock& clock)
      : api_(std::move(api)), adapter_(adapter), clock_(clock) {}

  Status run() {
    for (;;) {
      FERRY_TRY(auto next, api_.next());
      if (!next) {
        return Done{};
      }
      FERRY_CHECK_OK(serve(*next));
    }
  }

 private:
  Status serve(const http::ClientResponse& next) {
    fields_.clear();
    for (const auto& [name, value] : next.fields) {
      fields_.push_back({name, value});
    }
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.fields = fields_;
    request.body = next.body;
    request.arrival = clock_.monotonic();
    std::string id(request.field(kRequestId));
    // It becomes part of a path. Lambda's are UUIDs.
    constexpr std::string_view kIdLetters =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";
    if (id.empty() || id.size() > 256 || id.find_first_not_of(kIdLetters) != std::string::npos) {
      return Error{Code::kInvalid, "the Runtime API handed over an invocation without a usable id",
                   ""};
    }
    http::Response response;
    adapter_.handle(request, response);
    return post(id, request.field(kDeadline), response);
  }

  Result<int> send(const std::string& id, std::string_view deadline,
                   const http::Response& response) {
    for (const auto& [name, value] : response.fields) {
      if (name == kErrorType) {
        return api_.fail(id, value, response.body);
      }
      if (name == kResponseMode) {
        return api_.stream(id,
                           {response.content_type, response.body, deadline_of(deadline, clock_)});
      }
    }
    return api_.respond(id, response.body);
  }

  Status post(const std::string& id, std::string_view deadline, const http::Response& response) {
    auto status = send(id, deadline, response);
    if (!status.ok()) {
      return std::move(status).error();
    }
    // Too late, too large, answered already: Lambda tells its caller; the next one is not ours to
    // lose. "A container error" (500) ends the runtime.
    if (*status >= 500) {
      return Error{Code::kIo, fmt::format("the Runtime API answered {} with {}", id, *status), ""};
    }
    if (*status != 202) {
      note(fmt::format("Lambda did not take the answer to {}: it says {}", id, *status));
    }
    return Done{};
  }

  RuntimeApi api_;
  http::Service& adapter_;
  const Clock& clock_;
  std::vector<http::Field> fields_;
};

// Layers are unpacked into /opt, where the program is; the function's own zip into the task root.
// What is nearer to the function wins.
serve::Wanted wanted(const RuntimeOptions& runtime) {
  const char* root = std::getenv("LAMBDA_TASK_ROOT");  // NOLINT(concurrency-mt-unsafe): no thread
  const std::string task = root == nullptr || *root == '\0' ? "/var/task" : root;
  return {{task, task + "/ferry", "ferry"}, runtime.handler};
}

Result<serve::Running> start(serve::Provider& provider, const RuntimeOptions& runtime) {
  serve::Phases phases;
  FERRY_TRY(const auto functions, provider.list(wanted(runtime)));
  phases.end_of("bundle");
  FERRY_TRY(auto running,
            serve::bring_up(provider, functions, serve::engine_options_for(functions), phases));
  phases.print();
  return running;
}

}  // namespace

Status serve(serve::Provider& provider, const serve::Options& options) {
  FERRY_TRY(const RuntimeOptions runtime, runtime_options([](const char* name) {
              return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread yet
            }));
  auto running = start(provider, runtime);
  if (!running.ok()) {
    return init_failed(runtime, std::move(running).error());
  }
  serve::LogWriter log(STDERR_FILENO, runtime.log_format);
  return run_runtime(runtime, running->context(options.quiet ? nullptr : &log));
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
    if (auto told = api->fail_init(kType, report.body); !told.ok()) {
      note(told.error().text());
    }
  }
  return error;
}

Status run_loop(const RuntimeOptions& options, http::Service& adapter, const Clock& clock,
                int stop_fd) {
  FERRY_TRY(RuntimeApi first, RuntimeApi::at(options.api, stop_fd));
  std::mutex mutex;
  Status result = Done{};
  auto life = [&](RuntimeApi api) {
    Status ended = Loop(std::move(api), adapter, clock).run();
    std::lock_guard lock(mutex);
    if (!ended.ok() && result.ok()) {
      result = std::move(ended);
      tell(stop_fd);  // the others would wait for ever
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < options.concurrency; ++i) {
    FERRY_TRY(RuntimeApi api, RuntimeApi::at(options.api, stop_fd));
    others.emplace_back(life, std::move(api));
  }
  life(std::move(first));
  others.clear();  // joins
  return result;
}

Status run_runtime(const RuntimeOptions& options, AdapterContext context) {
  auto function = function_of(context, options.handler);
  if (!function.ok()) {
    return init_failed(options, std::move(function).error());
  }
  Fd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.valid()) {
    return init_failed(options, errno_error("make an eventfd", errno));
  }
  stop_fd_of_process = stop.get();
  struct sigaction action {};
  action.sa_handler = [](int) {
    int saved = errno;
    tell(stop_fd_of_process);
    errno = saved;
  };
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  const Clock& clock = context.clock;
  auto adapter = LambdaAdapter::make(std::move(context), {*function, options.streaming});
  if (!adapter.ok()) {
    return init_failed(options, std::move(adapter).error());
  }
  Status ended = run_loop(options, **adapter, clock, stop.get());
  std::signal(SIGTERM, SIG_IGN);
  return ended;
}

}  // namespace ferry::platforms::lambda
