#include "host/http_guest.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::host {
namespace {

// Where CloudEvents are sent that come from no HTTP request; RFC 2606 keeps the name unused.
constexpr std::string_view kNowhere = "event.invalid";

std::optional<std::string> extension(const event::Event& event, std::string_view name) {
  const auto found = event.extensions.find(name);
  if (found == event.extensions.end()) {
    return std::nullopt;
  }
  return event::to_string(found->second);
}

// "accept-language" is carried as httpacceptlanguage (event/http.h).
std::string carried_as(std::string_view header) {
  std::string out = "http";
  std::ranges::copy_if(header, std::back_inserter(out), [](char c) { return c != '-'; });
  return out;
}

Error no_response(std::string message, std::string hint) {
  return {Code::kInvalid, std::move(message), std::move(hint)};
}

}  // namespace

void GuestRequest::borrow_headers() {
  for (const auto& [name, value] : made_) {
    headers_.emplace_back(name, value);
  }
  request_.headers = headers_;
}

bool GuestRequest::make_again(const event::Event& event) {
  const auto method = extension(event, "httpmethod");
  if (event.type != "http.request" || !method) {
    return false;
  }
  method_ = *method;
  request_.method = method_;
  path_ = event.subject.value_or("/");
  if (const auto query = extension(event, "httpquery")) {
    path_ += '?' + *query;
  }
  request_.path_with_query = path_;
  if (const auto scheme = event.source.find("://"); scheme != std::string::npos) {
    const std::string_view rest = std::string_view(event.source).substr(scheme + 3);
    authority_ = rest.substr(0, rest.find('/'));
    request_.authority = authority_;
    request_.scheme = std::string_view(event.source).substr(0, scheme);
  }
  for (std::string_view header : event::default_carried_headers()) {
    if (auto value = extension(event, carried_as(header))) {
      made_.emplace_back(header, std::move(*value));
    }
  }
  for (const char* name : {"traceparent", "tracestate", "baggage"}) {
    if (auto value = extension(event, name)) {
      made_.emplace_back(name, std::move(*value));
    }
  }
  if (event.datacontenttype) {
    made_.emplace_back("content-type", *event.datacontenttype);
  }
  return true;
}

ferry::Status GuestRequest::make_cloudevent(const event::Event& event) {
  FERRY_TRY(event::HttpMessage message, event::to_http(event, event::Mode::kBinary));
  made_ = std::move(message.headers);
  request_.method = "POST";
  request_.path_with_query = "/";
  request_.authority = kNowhere;
  return Done{};
}

ferry::Status GuestRequest::make(event::LazyEvent& event) {
  request_.body = event.data().value_or("");
  if (const auto plain = event.http()) {
    request_.method = plain->method;
    request_.scheme = plain->scheme;
    request_.authority = plain->authority;
    request_.path_with_query = plain->path_with_query;
    request_.headers = plain->headers;
    return Done{};
  }
  const event::Event& whole = event.whole();
  if (!make_again(whole)) {
    FERRY_CHECK_OK(make_cloudevent(whole));
  }
  if (!request_.body.empty()) {
    made_.emplace_back("content-length", std::to_string(request_.body.size()));
  }
  borrow_headers();
  return Done{};
}

ferry::Status read_response(wasi2::Session& session, function::ReplyForm form, Reply& reply) {
  switch (session.answered()) {
    case wasi2::Answered::kNothing:
      return no_response("the function returned without setting a response",
                         "call response-outparam.set (WASI 0.3: task.return) before it ends");
    case wasi2::Answered::kUnfinished:
      return no_response("the function never finished the body of its response",
                         "call outgoing-body.finish when the last byte is written");
    case wasi2::Answered::kError:
      return no_response(fmt::format("the function answered with the error {}", session.error()),
                         "its log says why");
    case wasi2::Answered::kResponse:
      break;
  }
  wasi2::HttpResponse& response = session.response();
  if (form == function::ReplyForm::kCloudEvent) {
    const std::vector<event::HeaderView> headers(response.headers.begin(), response.headers.end());
    FERRY_TRY(auto received, event::from_http_message(headers, std::move(response.body)));
    if (!received || received->mode == event::Mode::kBatch) {
      return no_response("the response is not a CloudEvent",
                         "with reply = \"cloudevent\", answer in the binary or structured mode");
    }
    reply.event = std::move(received->event);
    if (reply.event->data) {
      reply.data = std::move(*reply.event->data);
      reply.event->data.reset();
      reply.content_type = reply.event->datacontenttype.value_or("application/json");
    }
    return Done{};
  }
  if (response.status < 200 || response.status > 599) {
    return no_response(fmt::format("the function answered with the status {}", response.status),
                       "a response has a status from 200 to 599");
  }
  reply.http.emplace();
  reply.http->status = response.status;
  for (auto& [name, value] : response.headers) {
    if (name == "content-type" && reply.content_type.empty()) {
      reply.content_type = std::move(value);
    } else {
      reply.http->headers.emplace_back(std::move(name), std::move(value));
    }
  }
  reply.http->trailers = std::move(response.trailers);
  reply.data = std::move(response.body);
  return Done{};
}

}  // namespace ferry::host
