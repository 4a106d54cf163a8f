// What a guest wrote to stdout and stderr, in each form that a manifest can promise.
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "event/json_text.h"
#include "host/outcome_json.h"
#include "host/reply.h"

namespace {

using ferry::function::ReplyForm;

void must(bool condition) {
  if (!condition) std::abort();
}

bool has_control(std::string_view text) {
  for (const unsigned char c : text) {
    if ((c < 0x20 && c != '\t') || c == 0x7F) return true;
  }
  return false;
}

void check_http(const ferry::host::HttpAnswer& http) {
  must(http.status >= 200 && http.status <= 599);
  must(http.headers.size() <= 128);
  for (const auto& [name, value] : http.headers) {
    must(!name.empty() && name.find_first_of(": \t\r\n") == std::string::npos);
    must(!has_control(value));
  }
}

// An answer is JSON, whatever the guest wrote.
void check_answer(ferry::host::Reply reply) {
  ferry::host::Outcome outcome;
  outcome.status = ferry::host::Status::kOk;
  outcome.reply = std::move(reply);
  must(ferry::event::check_json(ferry::host::to_answer(outcome, "sha256:0")).ok());
  must(ferry::event::check_json(ferry::host::to_json(outcome, {})).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const ReplyForm form : {ReplyForm::kData, ReplyForm::kCgi, ReplyForm::kCloudEvent}) {
    auto reply = ferry::host::read_reply(text, form);
    must(reply.ok() || form != ReplyForm::kData);
    if (!reply.ok()) {
      must(!reply.error().message.empty());
      continue;
    }
    must(!has_control(reply->content_type));
    if (reply->http) check_http(*reply->http);
    if (reply->event) must(ferry::event::validate(*reply->event).ok());
    check_answer(std::move(*reply));
  }
  for (const ferry::host::LogLine& line : ferry::host::read_log(text, {})) {
    must(ferry::is_utf8(line.text) && line.text.find('\n') == std::string::npos);
  }
  return 0;
}
