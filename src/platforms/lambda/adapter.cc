#include "platforms/lambda/adapter.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <thread>

#include <fmt/format.h>

#include "base/thread.h"
namespace ferry::platforms::lambda {
namespace {

using host::Outcome;

constexpr std::chrono::milliseconds kMaxMargin{200};
// Lambda's longest time-out is 15 minutes; a deadline further off is not a deadline.
constexpr std::int64_t kMaxAheadMs = 24LL * 3600 * 1000;
// More threads than this only wait for each other: a function has at most 6 virtual CPUs.
constexpr std::size_t kMaxThreads = 6;

}  // namespace

// What is known of one invocation.
struct LambdaAdapter::Call {
  Invocation invocation;
  Monotonic arrival;
  host::InvokeOptions options;
  bool several = false;  // events in this invocation
};

std::optional<Monotonic> deadline_of(std::string_view epoch_ms, const Clock& clock) {
  std::int64_t deadline = 0;
  auto end = std::from_chars(epoch_ms.data(), epoch_ms.data() + epoch_ms.size(), deadline);
  if (end.ec != std::errc() || end.ptr != epoch_ms.data() + epoch_ms.size() || deadline < 0) {
    return std::nullopt;
  }
  auto now = std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch());
  std::int64_t left = deadline - now.count();
  if (left > kMaxAheadMs) {
    return std::nullopt;
  }
  std::chrono::milliseconds ahead(std::max<std::int64_t>(left, 0));
  return clock.monotonic() + (ahead - std::min(ahead / 10, kMaxMargin));
}

Result<std::size_t> function_of(const AdapterContext& context, std::string_view handler) {
  if (context.functions.size() == 1) {
    return std::size_t{0};
  }
  std::string names;
  for (std::size_t i = 0; i < context.functions.size(); ++i) {
    const std::string name = host::name_of(*context.functions[i].version());
    if (name == handler) {
      return i;
    }
    names += (names.empty() ? "" : ", ") + name;
  }
  return Error{Code::kUsage, fmt::format("no function is named '{}', as the handler says", handler),
               names.empty() ? "there is none at all" : "set the handler to one of " + names};
}

Result<std::unique_ptr<LambdaAdapter>> LambdaAdapter::make(AdapterContext context,
                                                           const AdapterOptions& options) {
  auto settings = settings_of(host::manifest_of(*context.functions[options.function].version()));
  FERRY_TRY(auto rows, rows_of(*settings));
  return std::unique_ptr<LambdaAdapter>(
      new LambdaAdapter(std::move(context), options, std::move(settings), std::move(rows)));
}

LambdaAdapter::LambdaAdapter(AdapterContext context, const AdapterOptions& options,
                             std::shared_ptr<const Settings> settings, std::vector<Row> rows)
    : context_(std::move(context)),
      calls_(context_),
      function_(options.function),
      settings_(std::move(settings)),
      rows_(std::move(rows)),
      streaming_(options.streaming.value_or(settings_->streaming)) {}

serve::Answer LambdaAdapter::answer(const serve::Delivery& delivery) {
  Call call;
  call.invocation.request_id = delivery.id;
  call.invocation.function_arn = delivery.attribute(kFunctionArn);
  call.invocation.now = context_.clock.wall();
  call.arrival = delivery.arrival;
  call.options.invocation = delivery.id;
  call.options.deadline = delivery.deadline;
  if (std::string_view trace = delivery.attribute(kTraceId); !trace.empty()) {
    // The name that AWS's SDKs look for.
    call.options.env.emplace_back("_X_AMZN_TRACE_ID", trace);
  }
  Report done = over(call) ? error_report(too_late(call)) : report_on(call, delivery.payload);
  return {std::move(done.body), std::move(done.content_type), std::move(done.error_type),
          done.streamed};
}

// A function that is quick would still be done, and its caller long gone.
bool LambdaAdapter::over(const Call& call) const {
  return call.options.deadline && *call.options.deadline <= context_.clock.monotonic();
}

Outcome LambdaAdapter::too_late(const Call& call) const {
  Outcome outcome;
  outcome.status = host::Status::kTimeout;
  outcome.invocation = call.invocation.request_id;
  outcome.message = "the invocation's deadline had passed before it began";
  context_.observe(function_, outcome, context_.clock.monotonic() - call.arrival);
  if (context_.log != nullptr) {
    context_.log->write(outcome, calls_.of()[function_]);
  }
  return outcome;
}

Report LambdaAdapter::report_on(Call& call, std::string_view payload) {
  InputLimits limits;
  limits.unpacked = host::manifest_of(*context_.functions[function_].version()).limits.input;
  auto input = read_input(payload, call.invocation, limits, rows_);
  if (!input.ok()) {
    Outcome refused =
        calls_.refuse(function_, input.error(), call.arrival, call.invocation.request_id);
    return error_report(refused);
  }
  if (is_http(input->row->reply)) {
    return answer_http(call, std::move(*input));
  }
  call.several = input->items.size() > 1;
  call.options.http_caller = takes_http_answer(*input->row);
  std::vector<Outcome> outcomes = input->one_by_one || input->items.size() < 2
                                      ? run_in_order(call, *input)
                                      : run_at_once(call, *input);
  return report(*input, outcomes, streaming_);
}

Report LambdaAdapter::answer_http(const Call& call, Input input) {
  std::string id = std::move(input.http.id);
  std::string time = std::move(input.http.time);
  const bool function_url = input.http.function_url;
  std::vector<event::HeaderView> headers;
  HttpCall http;
  http.function = function_;
  http.arrival = call.arrival;
  http.invoke = call.options;
  http.adjust = [&](event::Event& event) {
    std::swap(event.id, id);
    std::optional<std::string> arrived = event.time;
    event.time = time.empty() ? arrived : time;
    if (!event::validate(event).ok()) {  // the gateway's words are junk; ours are not
      std::swap(event.id, id);
      event.time = arrived;
    }
  };
  http.attributes = std::move(input.http.attributes);
  http.message = std::move(input.http).request(headers);
  http::Response response;
  calls_.call(std::move(http), response);
  const auto render = [&] {
    return streaming_ && function_url ? streamed_report(response)
                                      : http_report(input.row->reply, input.multi_value, response);
  };
  Report done = render();
  if (done.error_type.empty()) {
    return done;
  }
  const Outcome outcome = too_large_outcome(call.invocation.request_id);
  if (context_.log != nullptr) {
    context_.log->write(outcome, calls_.of()[function_]);
  }
  response.clear();
  put_problem(outcome, host::http_status(outcome), calls_.of()[function_].digest, response);
  return render();
}

Outcome LambdaAdapter::run_one(const Call& call, const Item& item) {
  if (!item.event.ok()) {
    return calls_.refuse(function_, item.event.error(), call.arrival, call.invocation.request_id);
  }
  // Within a batch the deadline may pass while others run.
  if (over(call)) {
    return too_late(call);
  }
  host::InvokeOptions options = call.options;
  options.record = item.name.empty() && call.several ? item.event->id : item.name;
  return calls_.invoke(function_, *item.event, call.arrival, std::move(options));
}

std::vector<Outcome> LambdaAdapter::run_in_order(const Call& call, const Input& input) {
  std::vector<Outcome> outcomes;
  for (const Item& item : input.items) {
    outcomes.push_back(run_one(call, item));
    if (input.one_by_one && outcomes.back().status != host::Status::kOk) {
      break;
    }
  }
  return outcomes;
}

std::vector<Outcome> LambdaAdapter::run_at_once(const Call& call, const Input& input) {
  std::vector<Outcome> outcomes(input.items.size());
  std::atomic<std::size_t> next{0};
  auto work = [&] {
    for (std::size_t i = next++; i < input.items.size(); i = next++) {
      outcomes[i] = run_one(call, input.items[i]);
    }
  };
  const auto version = context_.functions[function_].version();
  const function::Limits& limits = host::manifest_of(*version).limits;
  const std::size_t threads =
      std::min({input.items.size(), kMaxThreads, std::size_t{std::max(1u, limits.concurrency)},
                std::size_t{std::max(1u, std::thread::hardware_concurrency())}});
  work_together(threads, work);
  return outcomes;
}

}  // namespace ferry::platforms::lambda
