#include "platforms/http/adapter.h"

namespace ferry::platforms {

HttpAdapter::HttpAdapter(AdapterContext context) : context_(std::move(context)), calls_(context_) {
  if (context_.log != nullptr) {
    context_.log->hold();
  }
}

void HttpAdapter::before_wait() {
  if (context_.log != nullptr) {
    context_.log->flush();
  }
}

void HttpAdapter::tidy() { context_.host.drop_idle(); }

int HttpAdapter::lane(const http::Request& request) {
  if (request.method == "OPTIONS" || request.method == "TRACE") {
    return kNoLane;
  }
  const auto& of = calls_.of();
  if (of.size() == 1) {
    return 0;
  }
  std::string_view name = request.path().substr(1);
  name = name.substr(0, name.find('/'));
  for (std::size_t i = 0; i < of.size(); ++i) {
    if (of[i].name == name) {
      return static_cast<int>(i);
    }
  }
  return kNoLane;
}

void HttpAdapter::answer_unknown(http::Response& response) {
  std::string names;
  for (const host::OutcomeOf& of : calls_.of()) {
    names += (names.empty() ? "/" : ", /") + of.name;
  }
  put_problem(host::refuse("no function has this path", "there are " + names, false), 404, "",
              response);
}

void HttpAdapter::handle(const http::Request& request, http::Response& response) {
  if (request.method == "OPTIONS") {
    response.status = 204;
    response.fields.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return;
  }
  if (request.method == "TRACE") {
    put_problem(host::refuse("TRACE is not offered", "", false), 405, "", response);
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
  HttpCall call;
  call.function = static_cast<std::size_t>(function);
  call.message.method = request.method;
  call.message.target = request.target;
  call.message.headers = headers;
  call.message.body = std::string(request.body);
  call.arrival = request.arrival;
  calls_.call(std::move(call), response);
}

void HttpAdapter::overloaded(const http::Request& request, http::Response& response) {
  auto function = static_cast<std::size_t>(lane(request));
  Error busy{Code::kBusy, "all slots of this function are taken and the queue is full",
             "try again, or raise [limits] concurrency"};
  calls_.answer(function, calls_.refuse(function, busy, request.arrival, ""), false, response);
}

}  // namespace ferry::platforms
