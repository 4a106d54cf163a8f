#include "platforms/knative/adapter.h"

#include <algorithm>
#include <array>

#include "event/uri.h"
#include "host/reply.h"
#include "platforms/knative/google_events.h"

namespace ferry::platforms::knative {
namespace {

constexpr std::array kHealth{kReadyPath};

bool is_success(int status) { return status >= 200 && status < 300; }

// The attributes as headers beside those that the function wrote itself, which count.
void add_headers(const event::Event& reply, host::HttpAnswer& answer) {
  const auto wrote = [written = answer.headers](const std::string& name) {
    return std::ranges::any_of(
        written, [&](const auto& header) { return http::equals_nocase(header.first, name); });
  };
  event::Event bare = reply;
  bare.datacontenttype.reset();
  auto message = event::to_http(std::move(bare), event::Mode::kBinary);
  if (message.ok()) {
    for (auto& header : message->headers) {
      if (!wrote(header.first)) {
        answer.headers.push_back(std::move(header));
      }
    }
  }
}

}  // namespace

std::string reply_source(const std::string& function) {
  return event::to_uri_path("/ferry/functions/" + function);
}

void reply_as_event(const event::Event& request, const std::string& function, const Clock& clock,
                    host::Outcome& outcome) {
  host::Reply& reply = outcome.reply;
  if (outcome.status != host::Status::kOk || reply.event || reply.data.empty() ||
      !is_success(host::http_status(outcome)) || event::is_cloudevents_type(reply.content_type)) {
    return;
  }
  event::Event event;
  event.source = reply_source(function);
  if (request.source == event.source) {
    reply = {};
    return;
  }
  event.id = outcome.invocation;
  event.type = request.type + std::string(kReplySuffix);
  event.subject = request.subject;
  event.time = to_rfc3339(clock.wall());
  host::carry_trace(request, event);
  if (reply.http) {
    add_headers(event, *reply.http);
    return;
  }
  event.datacontenttype = reply.content_type;
  reply.event = std::move(event);
}

KnativeAdapter::KnativeAdapter(AdapterContext context) : HttpAdapter(std::move(context), kHealth) {}

void KnativeAdapter::prepare(const http::Request& request, HttpCall& call) {
  const std::string_view path = request.path();
  if (request.method == "POST" && event::is_json_type(request.field("content-type"))) {
    call.adjust = [path](event::Event& event) {
      if (auto google = from_background(event.data.value_or(""), path)) {
        host::carry_trace(event, *google);
        event = *std::move(google);
      }
    };
  }
  const std::string& function = calls().of()[call.function].name;
  call.finish = [this, &function](const event::Event& event, host::Outcome& outcome) {
    reply_as_event(event, function, context().clock, outcome);
  };
}

}  // namespace ferry::platforms::knative
