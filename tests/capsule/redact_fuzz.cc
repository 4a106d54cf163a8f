// Data from strangers under [record] redact: what Boost.JSON finds below a rule's name stands
// nowhere in what is written, JSON stays JSON, and the file can be read.
#include <cstdlib>

#include <boost/json.hpp>

#include "capsule/entry.h"
#include "capsule/event_view.h"
#include "capsule/line.h"
#include "capsule/redact.h"
#include "event/json_text.h"

namespace {

using namespace ferry;
using Texts = std::vector<std::string>;

void scalars_of(const boost::json::value& value, Texts& out) {
  if (value.is_string()) out.emplace_back(value.get_string());
  if (value.is_array()) {
    for (const auto& each : value.get_array()) scalars_of(each, out);
  } else if (value.is_object()) {
    for (const auto& each : value.get_object()) scalars_of(each.value(), out);
  }
}

// What "$..k" finds.
void secrets_of(const boost::json::value& value, Texts& out) {
  if (value.is_array()) {
    for (const auto& each : value.get_array()) secrets_of(each, out);
  } else if (value.is_object()) {
    for (const auto& each : value.get_object()) {
      if (each.key() == "k") {
        scalars_of(each.value(), out);
      } else {
        secrets_of(each.value(), out);
      }
    }
  }
}

// A piece of it, as it would be found next to "[redacted]" without being there.
bool says_anything(const std::string& secret) {
  return secret.size() >= capsule::LeftOut::kLeast && secret.size() <= 64 &&
         secret.find_first_of("[]") == std::string::npos &&
         std::string_view(capsule::kRedacted).find(secret) == std::string_view::npos;
}

void check(bool is) {
  if (!is) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const std::vector<function::Redaction> rules = [] {
    std::vector<function::Redaction> out;
    for (const char* rule : {"$..k", "$.a[1].*", "$[0]", "$..b..c", "header:h"}) {
      out.push_back(*function::parse_redaction(rule));
    }
    return out;
  }();

  capsule::Capsule capsule;
  capsule.event.id = "id";
  capsule.event.source = "/";
  capsule.event.type = "t";
  capsule.event.data = text;
  capsule.request =
      capsule::HttpRequest{"http", "POST", "host", "/path?" + capsule::readable(text), {}};
  capsule.request->headers = {{"h", "header"}, {"x", capsule::readable(text)}};
  capsule.result.status = "ok";
  capsule.result.data = text;
  capsule.result.message = text;
  capsule.result.logs = {{WallTime{}, text}};
  capsule.variables = {{"V", text}};

  capsule::EventView view(capsule);
  capsule::Redactor redactor;
  redactor.redact(view, rules);
  if (event::check_json(text).ok()) check(event::check_json(*view.data).ok());

  boost::json::error_code failed;
  boost::json::parse_options options;
  options.max_depth = 512;
  const boost::json::value value = boost::json::parse(text, failed, {}, options);
  Texts secrets;
  if (!failed) secrets_of(value, secrets);
  for (const std::string& secret : secrets) {
    if (!says_anything(secret)) continue;
    for (const std::string_view each :
         {*view.data, view.reply, view.message, std::string_view(view.logs->front().text),
          std::string_view(view.variables->front().second), view.request->headers.back().second}) {
      check(each.find(secret) == std::string_view::npos);
    }
  }

  capsule::EntryBuffer event;
  capsule::append_event(event, view);
  std::string file(capsule::kFileHead);
  capsule::append_origin_entry(file, 1, capsule::origin_members(capsule));
  capsule::append_event_entry(file, 1, event.view());
  bool cut = false;
  const auto read = capsule::parse_capsules(file, "fuzz", &cut);
  check(read.ok() && !cut && read->size() == 1);
  return 0;
}
