#include "platforms/http_calls.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.h"
#include "event/content_coding.h"
#include "event/json.h"
#include "event/request.h"
#include "platforms/cors.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

using host::Outcome;

// Names the event in each answer to one. The front's own: a function can't set it.
constexpr char kInvocationField[] = "ferry-invocation";

void take_message(event::HttpMessage message, http::Response& response) {
  for (auto& [name, value] : message.headers) {
    if (name == "content-type") {
      response.content_type = std::move(value);
    } else {
      response.fields.emplace_back(std::move(name), std::move(value));
    }
  }
  response.body = std::move(message.body);
}

// Of a function that takes requests itself, those that are not CloudEvents reach it as they came.
bool takes_requests(const host::OutcomeOf& of) { return of.abi == wasm::Abi::kHttp; }

bool wants_structured(std::span<const event::HeaderView> headers) {
  for (const auto& [name, value] : headers) {
    if (http::equals_nocase(name, "accept")) {
      return value.starts_with(event::kJsonMediaType);
    }
  }
  return false;
}

// Of a function's header. The front's own are left out.
void put_header(std::string name, std::string value, http::Response& response) {
  if (http::equals_nocase(name, "content-type")) {
    response.content_type = std::move(value);
  } else if (!http::equals_nocase(name, kInvocationField)) {
    response.fields.emplace_back(std::move(name), std::move(value));
  }
}

// An answer whose head and first pieces are sent before there is an outcome.
class StreamedAnswer final : public host::ReplyStream {
 public:
  StreamedAnswer(const HttpCall& call, const std::optional<function::Cors>& cors)
      : to_(*call.stream),
        invocation_(call.invoke.invocation),
        headers_(call.message.headers),
        cors_(cors) {}

  bool begin(int status, const wasi2::FieldList& headers) override {
    http::Response head;
    head.status = status;
    head.fields.emplace_back(kInvocationField, invocation_);
    for (const auto& [name, value] : headers) put_header(name, value, head);
    if (cors_) allow_origin(*cors_, headers_, head);
    return begun_ = to_.begin(head);
  }
  void add(std::string_view piece) override {
    to_.add(piece);
    sent_ += piece.size();
  }

  bool begun() const { return begun_; }
  void end(Outcome& outcome, http::Response& response) const {
    response.broken = outcome.status != host::Status::kOk;
    if (response.broken) return;
    response.body = std::move(outcome.reply.data);
    response.body.erase(0, sent_);
    if (outcome.reply.http) response.trailers = std::move(outcome.reply.http->trailers);
  }

 private:
  http::ResponseStream& to_;
  const std::string invocation_;
  const std::span<const event::HeaderView> headers_;  // of the request
  const std::optional<function::Cors>& cors_;
  bool begun_ = false;
  std::size_t sent_ = 0;
};

void add_attributes(const std::map<std::string, event::Value, std::less<>>& attributes,
                    event::Event& event) {
  for (const auto& [name, value] : attributes) {
    event.extensions.insert_or_assign(name, value);
  }
}

}  // namespace

std::vector<host::OutcomeOf> outcomes_of(const AdapterContext& context) {
  const engine::Info& engine = context.host.engine().info();
  std::vector<host::OutcomeOf> of;
  of.reserve(context.functions.size());
  for (const host::InService& each : context.functions) {
    const auto function = each.version();
    of.push_back({host::name_of(*function), host::digest_of(*function), host::abi_of(*function),
                  engine.name, engine.version});
  }
  return of;
}

HttpCalls::HttpCalls(const AdapterContext& context) : context_(context), of_(outcomes_of(context)) {
  auto always = event::default_carried_headers();
  for (const host::InService& function : context.functions) {
    const auto version = function.version();
    const function::Manifest& manifest = host::manifest_of(*version);
    const auto& named = named_headers_.emplace_back(manifest.headers);
    carried_.push_back(always);
    if (!named.empty()) {
      auto& more = more_carried_.emplace_back(always.begin(), always.end());
      more.insert(more.end(), named.begin(), named.end());
      carried_.back() = more;
    }
    bounds_.push_back({serve::max_body(manifest.limits), manifest.http.cors});
  }
}

void put_problem(const Outcome& outcome, int status, const std::string& digest,
                 http::Response& response) {
  response.status = status;
  response.content_type = host::kProblemType;
  response.body = host::to_problem(outcome, status, digest);
}

Outcome HttpCalls::invoke(std::size_t function, event::LazyEvent& event, Monotonic arrival,
                          host::InvokeOptions options) const {
  options.arrived = arrival;
  options.logs = context_.reads_logs;
  Outcome outcome = context_.functions[function].invoke(event, options);
  const Monotonic ended = outcome.ended ? *outcome.ended : context_.clock.monotonic();
  context_.observe(function, outcome, ended - arrival);
  if (context_.log != nullptr) {
    context_.log->write(outcome, of_[function]);
  }
  return outcome;
}

Outcome HttpCalls::refuse(std::size_t function, const Error& error, Monotonic arrival,
                          const std::string& invocation) const {
  Outcome outcome = host::refuse(error.message, error.hint, error.code == Code::kBusy);
  outcome.too_large = error.code == Code::kLimit;
  outcome.invocation = invocation.empty() ? uuid_v7(context_.clock, context_.random) : invocation;
  context_.observe(function, outcome, context_.clock.monotonic() - arrival);
  // Under overload the counter says how many; a line for each would add to the load.
  if (context_.log != nullptr && !outcome.overload) {
    context_.log->write(outcome, of_[function]);
  }
  return outcome;
}

void HttpCalls::answer(std::size_t function, Outcome& outcome, bool structured,
                       http::Response& response) const {
  const host::OutcomeOf& of = of_[function];
  // Most answers need the id for nothing else.
  const bool last_use = outcome.status == host::Status::kOk && !outcome.reply.event;
  response.fields.emplace_back(
      kInvocationField, last_use ? std::move(outcome.invocation) : std::string(outcome.invocation));
  if (outcome.status != host::Status::kOk) {
    if (outcome.overload) {
      response.fields.emplace_back("Retry-After", "1");
    }
    put_problem(outcome, host::http_status(outcome), of.digest, response);
    return;
  }
  response.status = host::http_status(outcome);
  if (outcome.reply.event) {
    event::Event event = std::move(*outcome.reply.event);
    if (!event.data && !outcome.reply.data.empty()) {
      event.data = std::move(outcome.reply.data);
    }
    auto message = event::to_http(std::move(event),
                                  structured ? event::Mode::kStructured : event::Mode::kBinary);
    if (message.ok()) {
      take_message(std::move(message).value(), response);
      return;
    }
    outcome.status = host::Status::kBroken;
    outcome.message = "the reply event can't be sent: " + message.error().message;
    put_problem(outcome, host::http_status(outcome), of.digest, response);
    return;
  }
  response.content_type = std::move(outcome.reply.content_type);
  response.body = std::move(outcome.reply.data);
  if (outcome.reply.http) {
    for (auto& [name, value] : outcome.reply.http->headers) {
      put_header(std::move(name), std::move(value), response);
    }
    response.trailers = std::move(outcome.reply.http->trailers);
  }
}

// All events of a batch share the deadline and the output limit of one request, and end with their
// client. Events that are not run because of these are answered as refused (503).
std::vector<Outcome> HttpCalls::run_batch(const HttpCall& call,
                                          const std::vector<event::Event>& batch) const {
  const auto version = context_.functions[call.function].version();
  const function::Limits& limits = host::manifest_of(*version).limits;
  host::InvokeOptions options = call.invoke;
  const Monotonic deadline = context_.clock.monotonic() + limits.timeout;
  options.deadline = std::min(options.deadline.value_or(deadline), deadline);
  std::uint64_t room = limits.output;
  std::string ended;  // why no more are run
  bool said = false;
  std::vector<Outcome> outcomes;
  for (const event::Event& event : batch) {
    if (ended.empty() && call.from != nullptr && call.from->abandoned()) {
      ended = "the client has left";
    } else if (ended.empty() && context_.clock.monotonic() >= *options.deadline) {
      ended = fmt::format("the batch's time is used up ({} ms)", limits.timeout.count());
    }
    if (!ended.empty()) {
      Outcome& outcome =
          outcomes.emplace_back(host::refuse("not run: " + ended, "send it again", true));
      outcome.invocation = uuid_v7(context_.clock, context_.random);
      outcome.record = event.id;
      context_.observe(call.function, outcome, context_.clock.monotonic() - call.arrival);
      if (context_.log != nullptr && !said) {  // once for all that follow
        context_.log->write(outcome, of_[call.function]);
        said = true;
      }
      continue;
    }
    options.record = event.id;
    Outcome& outcome = outcomes.emplace_back(invoke(call.function, event, call.arrival, options));
    outcome.logs = {};  // they are written
    const std::uint64_t size = host::size_of(outcome.reply);
    if (size <= room) {
      room -= size;
      continue;
    }
    ended = "the batch's answer is full";
    outcome.status = host::Status::kOutputTooLarge;
    outcome.message = fmt::format("the replies to the batch have more than {}",
                                  function::format_size(limits.output));
    outcome.hint = "raise [limits] output, reply with less, or send smaller batches";
    outcome.reply = {};
  }
  return outcomes;
}

void HttpCalls::call_batch(const HttpCall& call, const std::vector<event::Event>& batch,
                           http::Response& response) const {
  std::vector<Outcome> outcomes = run_batch(call, batch);
  const bool all_events = std::ranges::all_of(outcomes, [](const Outcome& outcome) {
    return outcome.status == host::Status::kOk && outcome.reply.event.has_value();
  });
  if (all_events && !outcomes.empty()) {
    std::vector<event::Event> events;
    for (Outcome& outcome : outcomes) {
      events.push_back(std::move(*outcome.reply.event));
      if (!events.back().data && !outcome.reply.data.empty()) {
        events.back().data = std::move(outcome.reply.data);
      }
    }
    if (auto message = event::to_http_batch(events); message.ok()) {
      take_message(std::move(message).value(), response);
      return;
    }
  }
  // Events of a batch are independent: one that failed does not fail the others, so the answer
  // is 200 and says what became of each, in their order.
  response.content_type = "application/json";
  response.body = "[";
  for (const Outcome& outcome : outcomes) {
    response.body += response.body.size() > 1 ? "," : "";
    response.body += host::to_answer(outcome, of_[call.function].digest);
  }
  response.body += "]";
}

void HttpCalls::answer_refused(const HttpCall& call, const Error& error,
                               http::Response& response) const {
  Outcome outcome = refuse(call.function, error, call.arrival, call.invoke.invocation);
  answer(call.function, outcome, false, response);
  if (error.code == Code::kUnsupported) {
    put_problem(outcome, 415, of_[call.function].digest, response);
  }
}

// By a function that takes requests itself, as it came.
void HttpCalls::call_request(HttpCall& call, http::Response& response) const {
  const auto headers = call.message.headers;
  std::optional<StreamedAnswer> streamed;
  if (call.stream != nullptr) {
    if (call.invoke.invocation.empty()) {  // the head has it
      call.invoke.invocation = uuid_v7(context_.clock, context_.random);
    }
    call.invoke.stream = &streamed.emplace(call, bounds_[call.function].cors);
  }
  event::RequestEvent request(std::move(call.message), context_.clock, context_.random,
                              carried_[call.function]);
  if (ferry::Status ok = request.check(); !ok.ok()) {
    answer_refused(call, ok.error(), response);
    return;
  }
  Outcome outcome = invoke(call.function, request, call.arrival, std::move(call.invoke));
  if (streamed && streamed->begun()) {
    streamed->end(outcome, response);
    return;
  }
  answer(call.function, outcome, outcome.reply.event && wants_structured(headers), response);
}

void HttpCalls::call_plain(HttpCall& call, http::Response& response) const {
  call.message.arrival = call.arrival;
  if (takes_requests(of_[call.function])) {
    call_request(call, response);
    return;
  }
  const auto headers = call.message.headers;
  event::PlainRequest plain(std::move(call.message), context_.clock, context_.random,
                            carried_[call.function]);
  if (ferry::Status ok = plain.check(); !ok.ok()) {
    answer_refused(call, ok.error(), response);
    return;
  }
  if (call.adjust) {
    call.adjust(plain.whole());
  }
  if (!call.attributes.empty()) {
    add_attributes(call.attributes, plain.whole());
  }
  Outcome outcome = invoke(call.function, plain, call.arrival, std::move(call.invoke));
  answer(call.function, outcome, outcome.reply.event && wants_structured(headers), response);
}

void HttpCalls::call(HttpCall&& call, http::Response& response) const {
  const auto& cors = bounds_[call.function].cors;
  if (!cors) {
    call_function(call, response);
    return;
  }
  if (is_preflight(call.message)) {
    answer_preflight(*cors, call.message.headers, response);
    return;
  }
  const auto headers = call.message.headers;  // of the request, which outlives the call
  call_function(call, response);
  allow_origin(*cors, headers, response);
}

void HttpCalls::call_function(HttpCall& call, http::Response& response) const {
  if (takes_requests(of_[call.function]) && !event::is_cloudevent(call.message.headers)) {
    call_plain(call, response);
    return;
  }
  std::vector<event::HeaderView> decoded;
  const std::uint64_t most = bounds_[call.function].body;
  if (ferry::Status done = event::decode_content(call.message, decoded, most); !done.ok()) {
    answer_refused(call, done.error(), response);
    if (done.error().code == Code::kUnsupported) {
      response.fields.emplace_back("Accept-Encoding", event::kKnownCodings);
    }
    return;
  }
  auto received = event::cloudevents_of(call.message);
  if (!received.ok()) {
    answer_refused(call, received.error(), response);
    return;
  }
  if (!*received) {
    call_plain(call, response);
    return;
  }
  event::Received& events = **received;
  add_attributes(call.attributes, events.event);
  for (event::Event& event : events.batch) {
    add_attributes(call.attributes, event);
  }
  if (events.mode == event::Mode::kBatch) {
    call_batch(call, events.batch, response);
    return;
  }
  const bool structured =
      events.mode == event::Mode::kStructured || wants_structured(call.message.headers);
  Outcome outcome = invoke(call.function, events.event, call.arrival, call.invoke);
  if (call.finish) {
    call.finish(events.event, outcome);
  }
  answer(call.function, outcome, structured, response);
}

}  // namespace ferry::platforms
