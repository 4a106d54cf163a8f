#include "platforms/http/adapter.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "event/http.h"
#include "event/json.h"

namespace ferry::platforms {
namespace {

using host::Outcome;
using host::Status;

bool wants_structured(const http::Request& request) {
  return request.field("accept").starts_with(event::kJsonMediaType);
}

void problem(const Outcome& outcome, int status, const std::string& digest,
             http::Response& response) {
  response.status = status;
  response.content_type = host::kProblemType;
  response.body = host::to_problem(outcome, status, digest);
}

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

}  // namespace

HttpAdapter::HttpAdapter(AdapterContext context) : context_(std::move(context)) {
  const engine::Info& engine = context_.host.engine().info();
  for (const auto& function : context_.functions) {
    of_.push_back({host::name_of(*function), host::digest_of(*function), host::abi_of(*function),
                   engine.name, engine.version});
  }
}

int HttpAdapter::lane(const http::Request& request) {
  if (request.method == "OPTIONS" || request.method == "TRACE") {
    return kNoLane;
  }
  if (of_.size() == 1) {
    return 0;
  }
  std::string_view name = request.path().substr(1);
  name = name.substr(0, name.find('/'));
  for (std::size_t i = 0; i < of_.size(); ++i) {
    if (of_[i].name == name) {
      return static_cast<int>(i);
    }
  }
  return kNoLane;
}

void HttpAdapter::answer_unknown(http::Response& response) {
  std::string names;
  for (const host::OutcomeOf& of : of_) {
    names += (names.empty() ? "/" : ", /") + of.name;
  }
  problem(host::refuse("no function has this path", "there are " + names, false), 404, "",
          response);
}

Outcome HttpAdapter::invoke(int function, const event::Event& event, const http::Request& request) {
  auto index = static_cast<std::size_t>(function);
  host::InvokeOptions options;
  options.arrived = request.arrival;
  Outcome outcome = context_.host.invoke(*context_.functions[index], event, options);
  context_.observe(index, outcome, context_.clock.monotonic() - request.arrival);
  if (context_.log != nullptr) {
    context_.log->write(outcome, of_[index]);
  }
  return outcome;
}

void HttpAdapter::answer(int function, Outcome outcome, bool structured, http::Response& response) {
  const host::OutcomeOf& of = of_[static_cast<std::size_t>(function)];
  response.fields.emplace_back("ferry-invocation", outcome.invocation);
  if (outcome.status != Status::kOk) {
    if (outcome.overload) {
      response.fields.emplace_back("Retry-After", "1");
    }
    problem(outcome, host::http_status(outcome), of.digest, response);
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
    problem(outcome, host::http_status(outcome), of.digest, response);
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

void HttpAdapter::handle_batch(int function, const std::vector<event::Event>& batch,
                               const http::Request& request, http::Response& response) {
  const host::OutcomeOf& of = of_[static_cast<std::size_t>(function)];
  std::vector<Outcome> outcomes;
  bool all_events = true;
  for (const event::Event& event : batch) {
    outcomes.push_back(invoke(function, event, request));
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

void HttpAdapter::handle(const http::Request& request, http::Response& response) {
  if (request.method == "OPTIONS") {
    response.status = 204;
    response.fields.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return;
  }
  if (request.method == "TRACE") {
    problem(host::refuse("TRACE is not offered", "", false), 405, "", response);
    response.fields.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return;
  }
  int function = lane(request);
  if (function == kNoLane) {
    answer_unknown(response);
    return;
  }
  thread_local std::vector<event::HeaderView> headers;
  headers.clear();
  for (const http::Field& field : request.fields) {
    headers.emplace_back(field.name, field.value);
  }
  event::HttpRequest message;
  message.method = request.method;
  message.target = request.target;
  message.headers = headers;
  message.body = std::string(request.body);
  auto received = event::from_http(std::move(message), context_.clock, context_.random);
  if (!received.ok()) {
    Outcome outcome = host::refuse(received.error().message, received.error().hint, false);
    outcome.invocation = uuid_v7(context_.clock, context_.random);
    context_.observe(static_cast<std::size_t>(function), outcome,
                     context_.clock.monotonic() - request.arrival);
    answer(function, outcome, false, response);
    if (received.error().code == Code::kUnsupported) {
      problem(outcome, 415, of_[static_cast<std::size_t>(function)].digest, response);
    }
    return;
  }
  if (received->mode == event::Mode::kBatch) {
    handle_batch(function, received->batch, request, response);
    return;
  }
  bool structured = received->mode == event::Mode::kStructured || wants_structured(request);
  answer(function, invoke(function, received->event, request), structured, response);
}

void HttpAdapter::overloaded(const http::Request& request, http::Response& response) {
  int function = lane(request);
  Outcome outcome = host::refuse("all slots of this function are taken and the queue is full",
                                 "try again, or raise [limits] concurrency", true);
  outcome.invocation = uuid_v7(context_.clock, context_.random);
  context_.observe(static_cast<std::size_t>(function), outcome,
                   context_.clock.monotonic() - request.arrival);
  answer(function, std::move(outcome), false, response);
}

}  // namespace ferry::platforms
