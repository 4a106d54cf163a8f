#include "platforms/log.h"

#include <fmt/format.h>

#include "base/file.h"

namespace ferry::platforms {

void LogWriter::write(const host::Outcome& outcome, const host::OutcomeOf& of) const {
  if (outcome.logs.empty() && outcome.status == host::Status::kOk) {
    return;
  }
  std::string out;
  auto line = [&](const host::LogLine& entry) {
    if (format_ == LogFormat::kJson) {
      out += host::log_to_json(entry, outcome, of);
      out += '\n';
    } else {
      out += fmt::format("{} {} {} {} {}\n", to_rfc3339(entry.time), of.name, outcome.invocation,
                         of.digest, entry.text);
    }
  };
  for (const host::LogLine& entry : outcome.logs) {
    line(entry);
  }
  auto own = [&](std::string text) { line({system_clock().wall(), std::move(text)}); };
  if (outcome.log_truncated) {
    own("the log was cut at its limit ([limits] log)");
  }
  if (outcome.status != host::Status::kOk) {
    own(fmt::format("{}: {}", host::status_row(outcome.status).name, outcome.message));
  }
  // A log that can't be written has nowhere to say so.
  static_cast<void>(write_all(fd_, as_bytes(out), "the log").ok());
}

}  // namespace ferry::platforms
