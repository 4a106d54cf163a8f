#include "platforms/http/adapter.h"

#include <algorithm>

namespace ferry::platforms {
namespace {

constexpr std::size_t kMostNamed = 20;

}  // namespace

HttpAdapter::HttpAdapter(AdapterContext context, std::span<const std::string_view> health)
    : context_(std::move(context)), health_(health), calls_(context_) {
  if (context_.log != nullptr) {
    context_.log->hold();
  }
  for (const host::OutcomeOf& of : calls_.of()) {
    by_name_.emplace(of.name, static_cast<int>(by_name_.size()));
  }
}

void HttpAdapter::before_wait() {
  if (context_.log != nullptr) {
    context_.log->flush();
  }
}

void HttpAdapter::tidy() { context_.host.drop_idle(); }

void HttpAdapter::prepare(const http::Request& /*request*/, HttpCall& /*call*/) {}

std::string_view HttpAdapter::path_of(const http::Request& request) const { return request.path(); }

std::string HttpAdapter::mount_of(std::string_view /*path*/, std::size_t function) const {
  const auto& of = calls_.of();
  return of.size() > 1 ? "/" + of[function].name : "";
}

bool HttpAdapter::is_health(const http::Request& request) const {
  return (request.method == "GET" || request.method == "HEAD") &&
         std::ranges::find(health_, request.path()) != health_.end();
}

int HttpAdapter::lane(const http::Request& request) {
  if (request.method == "TRACE" || request.target == "*" || is_health(request)) {
    return kNoLane;
  }
  const auto& of = calls_.of();
  if (of.size() == 1) {
    return 0;
  }
  std::string_view name = path_of(request).substr(1);
  name = name.substr(0, name.find('/'));
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNoLane : found->second;
}

void HttpAdapter::answer_unknown(http::Response& response) {
  const auto& of = calls_.of();
  std::string names;
  for (std::size_t i = 0; i < std::min(of.size(), kMostNamed); ++i) {
    names += (names.empty() ? "/" : ", /") + of[i].name;
  }
  if (of.size() > kMostNamed) {
    names += " and " + std::to_string(of.size() - kMostNamed) + " more";
  }
  put_problem(host::refuse("no function has this path", "there are " + names, false), 404, "",
              response);
}

void HttpAdapter::handle(const http::Request& request, http::Response& response) {
  const int function = lane(request);
  if (request.target == "*") {  // OPTIONS of the server as a whole (RFC 9110, 9.3.7)
    response.status = 204;
    response.fields.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return;
  }
  if (request.method == "TRACE") {
    put_problem(host::refuse("TRACE is not offered", "", false), 405, "", response);
    response.fields.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return;
  }
  if (is_health(request)) {
    response.content_type = "text/plain; charset=utf-8";
    response.body = "ok\n";
    return;
  }
  if (function == kNoLane) {
    answer_unknown(response);
    return;
  }
  thread_local std::vector<event::HeaderView> headers;
  headers.clear();
  for (const http::Field& field : request.fields) {
    headers.emplace_back(field.name, field.value);
  }
  HttpCall call;
  call.function = static_cast<std::size_t>(function);
  call.message.method = request.method;
  call.message.target = request.target;
  const std::string mount = mount_of(request.path(), call.function);
  call.message.mount = mount;
  call.message.headers = headers;
  call.message.body = std::string(request.body);
  call.arrival = request.arrival;
  call.from = &request;
  call.stream = request.stream;
  prepare(request, call);
  calls_.call(std::move(call), response);
}

void HttpAdapter::overloaded(const http::Request& request, http::Response& response) {
  auto function = static_cast<std::size_t>(lane(request));
  Error busy{Code::kBusy, "all slots of this function are taken and the queue is full",
             "try again, or raise [limits] concurrency"};
  host::Outcome outcome = calls_.refuse(function, busy, request.arrival, "");
  calls_.answer(function, outcome, false, response);
}

}  // namespace ferry::platforms
