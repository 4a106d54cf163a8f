#include "platforms/azure/adapter.h"

#include <algorithm>

#include "platforms/azure/answer.h"
#include "platforms/azure/events.h"

namespace ferry::platforms::azure {
namespace {

constexpr std::string_view kPrefix = "/api/";
constexpr std::size_t kMaxMetadata = 32u << 10;  // of an environment variable
constexpr char kMetadataVariable[] = "AZURE_FUNCTIONS_METADATA";

// The host asks for "/" until somebody answers, and again later; that is not an event.
bool is_ping(const http::Request& request) {
  return request.method == "GET" && request.path() == "/" &&
         request.field(kInvocationHeader).empty();
}

std::string invocation_of(const http::Request& request) {
  const std::string_view id = request.field(kInvocationHeader);
  const bool good = id.size() <= 64 && std::ranges::all_of(id, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '-';
                    });
  return good ? std::string(id) : "";
}

// A message goes to /NAME, what is forwarded to the caller's own path.
bool may_be_message(const http::Request& request) {
  const std::string_view path = request.path();
  return request.method == "POST" && path.size() > 1 &&
         path.find('/', 1) == std::string_view::npos &&
         event::is_json_type(request.field("content-type"));
}

}  // namespace

AzureAdapter::AzureAdapter(AdapterContext context)
    : HttpAdapter(std::move(context)), silent_(this->context()) {
  silent_.log = nullptr;
  silent_.reads_logs = true;  // they go into the answer
}

std::string_view AzureAdapter::path_of(const http::Request& request) const {
  const std::string_view path = request.path();
  return path.starts_with(kPrefix) ? path.substr(kPrefix.size() - 1) : path;
}

std::string AzureAdapter::mount_of(std::string_view path, std::size_t function) const {
  return path.starts_with(kPrefix) ? std::string(kPrefix) + calls().of()[function].name
                                   : HttpAdapter::mount_of(path, function);
}

int AzureAdapter::lane(const http::Request& request) {
  return is_ping(request) ? kNoLane : HttpAdapter::lane(request);
}

void AzureAdapter::prepare(const http::Request& request, HttpCall& call) {
  call.invoke.invocation = invocation_of(request);
  if (call.invoke.invocation.empty() || !request.field("x-request-id").empty()) {
    return;
  }
  call.adjust = [id = call.invoke.invocation](event::Event& event) { event.id = id; };
}

void AzureAdapter::handle(const http::Request& request, http::Response& response) {
  if (is_ping(request)) {
    response.content_type = "text/plain; charset=utf-8";
    response.body = "ok\n";
    return;
  }
  const int function = lane(request);
  if (function != kNoLane && may_be_message(request)) {
    if (const auto message = read_message(request.body)) {
      const auto index = static_cast<std::size_t>(function);
      if (auto trigger = read_request(*message)) {
        handle_request(index, *std::move(trigger), request, response);
      } else {
        handle_trigger(index, *message, request, response);
      }
      return;
    }
  }
  HttpAdapter::handle(request, response);
}

void AzureAdapter::handle_trigger(std::size_t function, const Message& message,
                                  const http::Request& request, http::Response& response) {
  const Trigger trigger{std::string(request.path().substr(1)), invocation_of(request)};
  const event::Event event = event_of(message, trigger, context().clock, context().random);
  host::InvokeOptions options;
  options.invocation = trigger.invocation;
  options.http_caller = false;
  const std::string_view metadata = message.metadata.text();
  if (metadata.size() <= kMaxMetadata) {
    options.env.emplace_back(kMetadataVariable, metadata);
  }
  host::Outcome outcome =
      HttpCalls(silent_).invoke(function, event, request.arrival, std::move(options));
  if (outcome.status != host::Status::kOk) {
    // The host reads nothing of a failure but that it is one; its lines go where ours go.
    if (context().log != nullptr) {
      context().log->write(outcome, calls().of()[function]);
    }
    calls().answer(function, outcome, false, response);
    return;
  }
  response.content_type = "application/json";
  response.body = reply_payload(outcome);
}

void AzureAdapter::handle_request(std::size_t function, TriggerRequest trigger,
                                  const http::Request& request, http::Response& response) {
  host::Outcome seen;
  AdapterContext context = silent_;
  context.observe = [&](std::size_t index, const host::Outcome& outcome, Nanoseconds took) {
    seen = outcome;
    this->context().observe(index, outcome, took);
  };
  const HttpCalls calls(context);
  const std::vector<event::HeaderView> headers(trigger.headers.begin(), trigger.headers.end());
  HttpCall call;
  call.function = function;
  call.message.method = trigger.method;
  const std::string mount = std::string(kPrefix) + this->calls().of()[function].name;
  call.message.target = trigger.target;
  call.message.mount = mount;
  call.message.headers = headers;
  call.message.body = std::move(trigger.body);
  call.arrival = request.arrival;
  prepare(request, call);
  http::Response inner;
  calls.call(std::move(call), inner);
  auto payload = http_payload(inner, seen);
  if (!payload.ok()) {
    put_problem(host::refuse(payload.error().message, payload.error().hint, false), 502,
                this->calls().of()[function].digest, response);
    return;
  }
  response.content_type = "application/json";
  response.body = *std::move(payload);
}

}  // namespace ferry::platforms::azure
