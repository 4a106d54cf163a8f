#include "event/request.h"

#include <algorithm>
#include <utility>

#include "event/content_type.h"

namespace ferry::event {
namespace {

constexpr std::string_view kType = "content-type";

}  // namespace

RequestEvent::RequestEvent(HttpRequest&& request, const Clock& clock, Random& random,
                           std::span<const std::string_view> carried)
    : request_(std::move(request)), plain_(without_content(), clock, random, carried) {}

HttpRequest RequestEvent::without_content() {
  std::ranges::copy_if(request_.headers, std::back_inserter(headers_),
                       [](const HeaderView& header) { return !same_word(header.first, kType); });
  HttpRequest out;
  out.scheme = request_.scheme;
  out.method = request_.method;
  out.target = request_.target;
  out.headers = headers_;
  out.arrival = request_.arrival;
  return out;
}

std::optional<std::string_view> RequestEvent::data() const {
  return request_.body.empty() ? std::nullopt : std::optional<std::string_view>(request_.body);
}

const Event& RequestEvent::whole() {
  Event& event = plain_.whole();
  if (std::exchange(made_, true)) return event;
  if (!request_.body.empty()) event.data = request_.body;
  std::size_t types = 0;
  for (const HeaderView& header : request_.headers) {
    if (!same_word(header.first, kType)) continue;
    event.datacontenttype = header.second;
    ++types;
  }
  if (types > 1 || !validate(event).ok() || !validate_data(event).ok()) {
    event.datacontenttype.reset();
  }
  return event;
}

std::optional<PlainHttp> RequestEvent::http() const {
  auto plain = plain_.http();
  plain->headers = request_.headers;
  return plain;
}

}  // namespace ferry::event
