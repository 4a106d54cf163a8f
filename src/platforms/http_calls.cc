#include "platforms/http_calls.h"

#include "base/ids.h"
#include "event/json.h"

namespace ferry::platforms {
namespace {

using host::Outcome;
using host::Status;

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

bool wants_structured(std::span<const event::HeaderView> headers) {
  for (const auto& [name, value] : headers) {
    if (http::equals_nocase(name, "accept")) {
      return value.starts_with(event::kJsonMediaType);
    }
  }
  return false;
}

}  // namespace

std::vector<host::OutcomeOf> outcomes_of(const AdapterContext& context) {
  const engine::Info& engine = context.host.engine().info();
  std::vector<host::OutcomeOf> of;
  of.reserve(context.functions.size());
  for (const auto& function : context.functions) {
    of.push_back({host::name_of(*function), host::digest_of(*function), host::abi_of(*function),
                  engine.name, engine.version});
  }
  return of;
}

HttpCalls::HttpCalls(const AdapterContext& context) : context_(context), of_(outcomes_of(context)) {
  auto always = event::default_carried_headers();
  for (const auto& function : context.functions) {
    auto& carried = carried_.emplace_back(always.begin(), always.end());
    const auto& asked = host::manifest_of(*function).headers;
    carried.insert(carried.end(), asked.begin(), asked.end());
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
  Outcome outcome = context_.host.invoke(*context_.functions[function], event, options);
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
  outcome.invocation = invocation.empty() ? uuid_v7(context_.clock, context_.random) : invocation;
  context_.observe(function, outcome, context_.clock.monotonic() - arrival);
  return outcome;
}

void HttpCalls::answer(std::size_t function, Outcome& outcome, bool structured,
                       http::Response& response) const {
  const host::OutcomeOf& of = of_[function];
  // Most answers need the id for nothing else.
  const bool last_use = outcome.status == Status::kOk && !outcome.reply.event;
  response.fields.emplace_back("ferry-invocation", last_use ? std::move(outcome.invocation)
                                                            : std::string(outcome.invocation));
  if (outcome.status != Status::kOk) {
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
    outcome.status = Status::kBroken;
    outcome.message = "the reply event can't be sent: " + message.error().message;
    put_problem(outcome, host::http_status(outcome), of.digest, response);
    return;
  }
  response.content_type = std::move(outcome.reply.content_type);
  response.body = std::move(outcome.reply.data);
  if (outcome.reply.http) {
    for (auto& [name, value] : outcome.reply.http->headers) {
      if (http::equals_nocase(name, "content-type")) {
        response.content_type = std::move(value);
      } else {
        response.fields.emplace_back(std::move(name), std::move(value));
      }
    }
  }
}

void HttpCalls::call_batch(const HttpCall& call, const std::vector<event::Event>& batch,
                           http::Response& response) const {
  const host::OutcomeOf& of = of_[call.function];
  std::vector<Outcome> outcomes;
  bool all_events = true;
  for (const event::Event& event : batch) {
    outcomes.push_back(invoke(call.function, event, call.arrival, call.invoke));
    all_events &= outcomes.back().status == Status::kOk && outcomes.back().reply.event.has_value();
  }
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
    response.body += host::to_json(outcome, of);
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

void HttpCalls::call_plain(HttpCall& call, http::Response& response) const {
  const auto headers = call.message.headers;
  call.message.arrival = call.arrival;
  event::PlainRequest plain(std::move(call.message), context_.clock, context_.random,
                            carried_[call.function]);
  if (ferry::Status ok = plain.check(); !ok.ok()) {
    answer_refused(call, ok.error(), response);
    return;
  }
  if (call.adjust) {
    call.adjust(plain.whole());
  }
  Outcome outcome = invoke(call.function, plain, call.arrival, std::move(call.invoke));
  answer(call.function, outcome, outcome.reply.event && wants_structured(headers), response);
}

void HttpCalls::call(HttpCall&& call, http::Response& response) const {
  auto received = event::cloudevents_of(call.message);
  if (!received.ok()) {
    answer_refused(call, received.error(), response);
    return;
  }
  if (!*received) {
    call_plain(call, response);
    return;
  }
  const event::Received& events = **received;
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
