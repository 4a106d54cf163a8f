#include "platforms/openwhisk/emulator/emulator.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/lower_case.h"
#include "event/json.h"
#include "event/json_text.h"
#include "platforms/openwhisk/emulator/observed.h"
#include "platforms/openwhisk/message.h"

namespace ferry::platforms::openwhisk {
namespace {

// What a user's action may run by default (whisk.time-limit.std).
constexpr std::chrono::seconds kTimeLimit{60};

Result<std::string> text_at(const Members& members, std::string_view name) {
  const std::string_view* value = find(members, name);
  if (value == nullptr || event::kind_of(*value) != event::JsonKind::kString) {
    return Error{Code::kInvalid, fmt::format("the answer's {} is not a string", name), ""};
  }
  return event::decode_json_string(*value);
}

// {"status": N} of a problem; 500 where it says none.
int status_in(std::string_view problem) {
  auto members = read_members(problem);
  const std::string_view* status = members.ok() ? find(*members, "status") : nullptr;
  int out = 0;
  for (char c : status == nullptr ? std::string_view() : *status) {
    out = c >= '0' && c <= '9' && out < 1000 ? out * 10 + (c - '0') : 1000;
  }
  return out >= 400 && out <= 599 ? out : 500;
}

}  // namespace

Result<Answer> unwrapped(Answer answer) {
  auto members = read_members(answer.body);
  if (!members.ok()) {
    return answer;  // an array, or nothing that we wrote
  }
  if (const std::string_view* error = find(*members, "error");
      error != nullptr && members->size() == 1) {
    if (answer.status == 200) {
      answer.status = status_in(*error);
    }
    answer.fields = {{"content-type", "application/problem+json"}};
    answer.body = std::string(*error);
    return answer;
  }
  if (find(*members, "datacontenttype") == nullptr || members->size() != 2) {
    return answer;
  }
  FERRY_TRY(std::string type, text_at(*members, "datacontenttype"));
  if (find(*members, "data_base64") != nullptr) {
    FERRY_TRY(const std::string text, text_at(*members, "data_base64"));
    FERRY_TRY(answer.body, from_base64(text));
  } else if (find(*members, "data") != nullptr) {
    FERRY_TRY(answer.body, text_at(*members, "data"));
  } else {
    return answer;
  }
  answer.fields = {{"content-type", std::move(type)}};
  return answer;
}

std::string web_argument(const WireRequest& request) {
  const auto quoted = [](std::string_view text) { return event::json_string(text); };
  const std::size_t question = request.path.find('?');
  const std::string query =
      question == std::string::npos ? std::string() : request.path.substr(question + 1);
  std::string headers;
  std::string type;
  for (const auto& [name, value] : request.fields) {
    const std::string lower = lower_case(name);
    type = lower == "content-type" ? value : type;
    headers += fmt::format("{}{}:{}", headers.empty() ? "" : ",", quoted(lower), quoted(value));
  }
  const std::string method = lower_case(request.method);
  const bool text = event::is_text_type(type) && !event::is_json_type(type);
  return fmt::format(
      R"({{"__ow_method":{},"__ow_path":{},"__ow_query":{},"__ow_headers":{{{}}},"__ow_body":{}}})",
      quoted(method), quoted(request.path.substr(0, question)), quoted(query), headers,
      quoted(text ? std::string(request.body) : to_base64(as_bytes(request.body))));
}

Result<Answer> OpenWhiskEmulator::post(const std::string& path, std::string_view body) {
  WireRequest request;
  request.path = path;
  request.fields = {{"Content-Type", "application/json"}};
  request.body = body;
  return wire_->exchange(request);
}

Status OpenWhiskEmulator::initialize() {
  if (initialized_) {
    return Done{};
  }
  FERRY_TRY(const Answer answer,
            post("/init", R"({"value":{"name":"function","main":"main","binary":true,"env":{}}})"));
  if (answer.status != 200) {
    return Error{Code::kInternal,
                 fmt::format("/init was answered {}: {}", answer.status, answer.body), ""};
  }
  initialized_ = true;
  return Done{};
}

Result<Answer> OpenWhiskEmulator::send_native(std::string_view input) {
  FERRY_CHECK_OK(initialize());
  const auto deadline =
      std::chrono::floor<std::chrono::milliseconds>(system_clock().wall() + kTimeLimit);
  return post("/run", fmt::format(R"({{"value":{},"namespace":"guest",)"
                                  R"("action_name":"/guest/function","action_version":"0.0.1",)"
                                  R"("activation_id":"{}","transaction_id":"emulator",)"
                                  R"("deadline":"{}"}})",
                                  input, uuid_v7(system_clock(), system_random()),
                                  deadline.time_since_epoch().count()));
}

Result<Answer> OpenWhiskEmulator::send_request(const WireRequest& request) {
  FERRY_TRY(const Answer answer, send_native(web_argument(request)));
  return web_answer_of(answer.body);
}

Result<Answer> OpenWhiskEmulator::send(const event::Event& event) {
  FERRY_TRY(const std::string value, event::to_json(event));
  FERRY_TRY(Answer answer, send_native(value));
  return unwrapped(std::move(answer));
}

Result<Observed> OpenWhiskEmulator::observe(const event::Event& event) {
  FERRY_TRY(const std::string value, event::to_json(event));
  FERRY_TRY(const Answer answer, send_native(value));
  FERRY_TRY(Observed observed, observed_run(answer));
  if (log_ != nullptr) {
    FERRY_TRY(const LogTap::Text text, log_->take());
    FERRY_CHECK_OK(take_streams(text.out, text.err, observed));
  }
  return observed;
}

}  // namespace ferry::platforms::openwhisk
