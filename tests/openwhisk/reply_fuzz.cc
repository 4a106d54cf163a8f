// OpenWhisk's answers to arbitrary replies: always JSON, and what the controller makes of a web
// action's is what the function replied. The first byte says the status, then a line with the
// content type, header lines, an empty line, the body.
#include <algorithm>
#include <cstdlib>

#include "../http/response_input.h"
#include "base/bytes.h"
#include "event/json_text.h"
#include "platforms/json_view.h"
#include "platforms/openwhisk/answer.h"
#include "platforms/openwhisk/media_types.h"
#include "platforms/openwhisk/web.h"

namespace {

namespace openwhisk = ferry::platforms::openwhisk;
using ferry::http::must;
using ferry::http::response_of;
using ferry::platforms::JsonView;

void check_web(const ferry::http::Response& response) {
  const std::string web = openwhisk::write_web(response, false);
  must(ferry::event::check_json(web).ok());
  must(ferry::event::check_json(openwhisk::write_web(response, true)).ok());
  for (const bool failed : {false, true}) {
    must(ferry::event::check_json(openwhisk::write_result(response, failed)).ok());
  }
  // A type that is not UTF-8 is left out, and then the body is read as another.
  if (!ferry::is_utf8(response.content_type)) return;
  const bool names_type = std::ranges::any_of(response.fields, [](const auto& field) {
    return ferry::http::equals_nocase(field.first, "content-type");
  });
  if (response.content_type.empty() || names_type) return;
  const JsonView whole(web);
  const std::string type = whole.member("headers").member("content-type").scalar().value_or("");
  const JsonView body = whole.member("body");
  std::string read = body.scalar().value_or(std::string(body.text()));
  if (body.is(ferry::event::JsonKind::kString) &&
      (openwhisk::is_binary_type(type) || openwhisk::is_json_family(type))) {
    read = *ferry::from_base64(read);
  }
  // JSON may come back with other white space before it.
  std::string_view sent = response.body;
  std::string_view got = read;
  if (openwhisk::is_json_family(response.content_type)) {
    constexpr std::string_view kSpace = " \t\r\n";
    sent.remove_prefix(std::min(sent.find_first_not_of(kSpace), sent.size()));
    got.remove_prefix(std::min(got.find_first_not_of(kSpace), got.size()));
    sent = sent.substr(0, sent.find_last_not_of(kSpace) + 1);
    got = got.substr(0, got.find_last_not_of(kSpace) + 1);
  }
  must(sent == got);
}

void check_plain(ferry::http::Response response) {
  ferry::host::Outcome outcome;
  outcome.status = ferry::host::Status::kOk;
  outcome.reply.content_type = std::move(response.content_type);
  outcome.reply.data = std::move(response.body);
  ferry::http::Response answer;
  if (ferry::is_utf8(outcome.reply.content_type)) {
    openwhisk::answer_outcome(outcome, "sha256:0", answer);
    must(ferry::event::check_json(answer.body).ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto response = response_of({reinterpret_cast<const char*>(data), size});
  check_web(response);
  check_plain(response);
  return 0;
}
