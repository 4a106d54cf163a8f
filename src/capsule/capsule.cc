#include "capsule/capsule.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "capsule/event_view.h"
#include "capsule/line.h"
#include "capsule/redact.h"
#include "event/json.h"
#include "host/host.h"

namespace ferry::capsule {
namespace {

void compare_text(std::vector<Difference>& out, const char* field, const std::string& recorded,
                  const std::string& now) {
  if (recorded != now) {
    out.push_back({field, recorded, now});
  }
}

std::string headers_text(const Seen& seen) {
  std::string out;
  if (seen.http) {
    for (const auto& [name, value] : seen.http->headers) {
      out.append(name).append(": ").append(value).append("\n");
    }
  }
  return out;
}

std::string log_text(const Seen& seen) {
  std::string out;
  for (const host::LogLine& line : seen.logs) {
    out += line.text + "\n";
  }
  return out;
}

// What was ended by its deadline logged as much as it could until then, which is more on a faster
// engine: what both have must be the same.
void compare_logs_until_deadline(std::vector<Difference>& out, const Seen& recorded,
                                 const Seen& now) {
  std::string then = log_text(recorded);
  std::string here = log_text(now);
  const std::size_t both = std::min(then.size(), here.size());
  const auto common = std::max<std::size_t>(both, 1) - 1;  // the last line may have been cut
  if (std::string_view(then).substr(0, common) != std::string_view(here).substr(0, common)) {
    out.push_back({"log", std::move(then), std::move(here)});
  }
}

}  // namespace

std::string reply_event_text(const event::Event& event) {
  event::Event attributes = event;
  attributes.data.reset();
  const auto text = event::to_json(attributes);
  return text.ok() ? same_reply_event(*text).value_or("") : "";
}

std::optional<std::string> same_reply_event(std::string_view json) {
  boost::json::error_code failed;
  const boost::json::value value = boost::json::parse(json, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return boost::json::serialize(value);
}

Seen result_of(const host::Outcome& outcome) {
  Seen out;
  out.status = host::status_row(outcome.status).name;
  out.exit_code = outcome.exit_code;
  out.message = outcome.message;
  out.hint = outcome.hint;
  out.backtrace = outcome.backtrace;
  out.content_type = outcome.reply.content_type;
  out.data = outcome.reply.data;
  if (outcome.reply.http) {
    out.http = HttpAnswer{outcome.reply.http->status, outcome.reply.http->headers};
  }
  if (outcome.reply.event) out.reply_event = reply_event_text(*outcome.reply.event);
  out.logs = outcome.logs;
  out.log_truncated = outcome.log_truncated;
  out.usage = outcome.usage;
  return out;
}

Origin origin_of(const host::Loaded& function, const engine::Info& engine) {
  const function::Manifest& manifest = host::manifest_of(function);
  Origin out{host::name_of(function),
             host::digest_of(function),
             std::string(wasm::abi_name(host::abi_of(function))),
             engine.name,
             engine.version,
             function::manifest_to_toml(manifest),
             "",
             manifest.grants.env_from};
  if (manifest.file_tree != nullptr) out.files = manifest.file_tree->digest();
  return out;
}

Capsule capsule_of(const host::Recorded& recorded) {
  recorded.event.whole();
  EventView view(recorded);
  Redactor redactor;
  redactor.redact(view, host::manifest_of(recorded.function).redact);
  Capsule out = view.capsule();
  static_cast<Origin&>(out) = origin_of(recorded.function, recorded.engine);
  return out;
}

std::vector<Difference> differences(const Seen& recorded, const Seen& now, bool same_messages) {
  std::vector<Difference> out;
  compare_text(out, "status", recorded.status, now.status);
  compare_text(out, "exit code", std::to_string(recorded.exit_code), std::to_string(now.exit_code));
  if (same_messages || recorded.status != "trapped") {
    compare_text(out, "message", recorded.message, now.message);
  }
  compare_text(out, "reply content type", recorded.content_type, now.content_type);
  compare_text(out, "reply", recorded.data, now.data);
  compare_text(out, "reply event", recorded.reply_event, now.reply_event);
  compare_text(out, "http status", recorded.http ? std::to_string(recorded.http->status) : "",
               now.http ? std::to_string(now.http->status) : "");
  compare_text(out, "http headers", headers_text(recorded), headers_text(now));
  if (recorded.status == "timeout" && now.status == "timeout") {
    compare_logs_until_deadline(out, recorded, now);
    return out;
  }
  compare_text(out, "log", log_text(recorded), log_text(now));
  compare_text(out, "log cut", recorded.log_truncated ? "yes" : "no",
               now.log_truncated ? "yes" : "no");
  return out;
}

}  // namespace ferry::capsule
