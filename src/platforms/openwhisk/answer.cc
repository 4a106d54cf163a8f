#include "platforms/openwhisk/answer.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/ids.h"
#include "event/json.h"
#include "event/json_text.h"
#include "host/outcome_json.h"

namespace ferry::platforms::openwhisk {
namespace {

constexpr int kBadInput = 400;
constexpr int kOurFault = 502;
constexpr int kBusy = 503;

// "/namespace/package/name" as a URI reference (RFC 3986): names may have spaces and '@'.
std::string source_of(std::string_view action_name) {
  std::string out;
  for (char c : action_name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~@").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out.empty() ? "/openwhisk" : out;
}

std::string wrapped(const host::Reply& reply) {
  std::string out =
      fmt::format(R"({{"datacontenttype":{},)", event::json_string(reply.content_type));
  if (is_utf8(reply.data)) {
    return out + "\"data\":" + event::json_string(reply.data) + "}";
  }
  return out + "\"data_base64\":" + event::json_string(to_base64(as_bytes(reply.data))) + "}";
}

bool is_container(std::string_view json) {
  const std::size_t first = json.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (json[first] == '{' || json[first] == '[');
}

}  // namespace

int run_status(const host::Outcome& outcome) {
  switch (outcome.status) {
    case host::Status::kRefused:
      return outcome.overload ? kBusy : kBadInput;
    case host::Status::kBroken:
      return kOurFault;
    default:
      return 200;
  }
}

event::Event event_of(const Activation& activation, const Clock& clock, Random& random) {
  if (activation.value.find("specversion") != std::string_view::npos) {
    auto event = event::from_json(activation.value);
    if (event.ok()) {
      return *std::move(event);
    }
  }
  event::Event event;
  event.id = activation.id.empty() ? uuid_v7(clock, random) : activation.id;
  event.source = source_of(activation.action_name);
  event.type = "openwhisk.activation";
  event.time = to_rfc3339(clock.wall());
  event.datacontenttype = "application/json";
  event.data = std::string(activation.value);
  return event;
}

void answer_error(int status, std::string_view message, http::Response& response) {
  response.status = status;
  response.content_type = "application/json";
  response.body = "{\"error\":" + event::json_string(message) + "}";
}

void answer_outcome(const host::Outcome& outcome, const std::string& digest,
                    http::Response& response) {
  response.status = run_status(outcome);
  response.content_type = "application/json";
  if (outcome.status != host::Status::kOk) {
    response.body =
        "{\"error\":" + host::to_problem(outcome, host::http_status(outcome), digest) + "}";
    return;
  }
  const host::Reply& reply = outcome.reply;
  if (reply.event) {
    event::Event event = *reply.event;
    if (!event.data && !reply.data.empty()) {
      event.data = reply.data;
    }
    auto text = event::to_json(event);
    if (!text.ok()) {
      answer_error(kOurFault, "the reply event can't be sent: " + text.error().message, response);
      return;
    }
    response.body = *std::move(text);
    return;
  }
  if (reply.data.empty()) {
    response.body = "{}";
  } else if (!event::is_json_type(reply.content_type) || !event::check_json(reply.data).ok()) {
    response.body = wrapped(reply);
  } else if (is_container(reply.data)) {
    response.body = reply.data;
  } else {
    answer_error(kOurFault, "The action did not return a dictionary or array.", response);
  }
}

}  // namespace ferry::platforms::openwhisk
