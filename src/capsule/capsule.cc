#include "capsule/capsule.h"

#include <boost/json.hpp>

#include "capsule/redact.h"
#include "event/json.h"
#include "host/host.h"

namespace ferry::capsule {
namespace {

HttpRequest request_of(const event::PlainHttp& plain) {
  HttpRequest out{std::string(plain.scheme),
                  std::string(plain.method),
                  std::string(plain.authority),
                  std::string(plain.path_with_query),
                  {}};
  for (const auto& [name, value] : plain.headers) {
    out.headers.emplace_back(name, value);
  }
  return out;
}

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
      out += name + ": " + value + "\n";
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

}  // namespace

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
  if (outcome.reply.event) {
    event::Event attributes = *outcome.reply.event;
    attributes.data.reset();
    if (auto text = event::to_json(attributes); text.ok()) {
      // In the words of the reader of capsules, which compares it as text.
      boost::json::error_code failed;
      out.reply_event = boost::json::serialize(boost::json::parse(*text, failed));
    }
  }
  out.logs = outcome.logs;
  out.log_truncated = outcome.log_truncated;
  out.usage = outcome.usage;
  return out;
}

Capsule capsule_of(const host::Recorded& recorded) {
  Capsule out;
  const host::Outcome& outcome = recorded.outcome;
  const function::Manifest& manifest = host::manifest_of(recorded.function);
  out.recorded = to_rfc3339(system_clock().wall());
  out.invocation = outcome.invocation;
  out.function = host::name_of(recorded.function);
  out.digest = host::digest_of(recorded.function);
  out.abi = wasm::abi_name(host::abi_of(recorded.function));
  out.engine = recorded.engine.name;
  out.engine_version = recorded.engine.version;
  out.event = recorded.event.whole();
  if (const auto data = recorded.event.data(); data && !out.event.data) {
    out.event.data = std::string(*data);
  }
  if (const auto plain = recorded.event.http()) {
    out.request = request_of(*plain);
  }
  out.args = recorded.options.args;
  out.variables = recorded.options.env;
  out.manifest = function::manifest_to_toml(manifest);
  if (manifest.file_tree != nullptr) out.files = manifest.file_tree->digest();
  out.withheld = manifest.grants.env_from;
  out.draws = recorded.draws;
  if (recorded.witness.deadline) {
    out.deadline = Nanoseconds(recorded.witness.deadline->time_since_epoch()).count();
  }
  if (recorded.witness.drawn.clock) out.drew.emplace_back("clock");
  if (recorded.witness.drawn.random) out.drew.emplace_back("random");
  if (recorded.witness.drawn.files) out.outside.emplace_back("files");
  if (recorded.witness.drawn.network) out.outside.emplace_back("network");
  if (recorded.witness.denial) out.denied = recorded.witness.denial->message;
  out.result = result_of(outcome);
  redact(out, manifest.redact);
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
  compare_text(out, "log", log_text(recorded), log_text(now));
  compare_text(out, "log cut", recorded.log_truncated ? "yes" : "no",
               now.log_truncated ? "yes" : "no");
  return out;
}

}  // namespace ferry::capsule
