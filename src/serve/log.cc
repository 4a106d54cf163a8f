#include "serve/log.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/terminal.h"

namespace ferry::serve {

namespace {

constexpr std::size_t kMostHeld = 64u << 10;

// Enough to tell the versions of a function apart: "sha256:" and twelve digits.
std::string_view short_digest(std::string_view digest) {
  constexpr std::size_t kDigits = 12;
  return digest.substr(0, digest.find(':') + 1 + kDigits);
}

}  // namespace

void LogWriter::write(const host::Outcome& outcome, const host::OutcomeOf& of) {
  if (outcome.logs.empty() && outcome.status == host::Status::kOk) {
    return;
  }
  std::lock_guard lock(mutex_);
  auto line = [&](const host::LogLine& entry) {
    if (format_ == LogFormat::kJson) {
      lines_ += host::log_to_json(entry, outcome, of);
    } else {
      lines_.append(to_rfc3339(entry.time)).append(" ");
      lines_.append(of.name).append(" ");
      lines_.append(outcome.invocation).append(" ");
      lines_.append(short_digest(of.digest)).append(" ");
      if (!outcome.record.empty()) {
        lines_.append(escape_controls(outcome.record)).append(" ");
      }
      lines_.append(escape_controls(entry.text));
    }
    lines_ += '\n';
  };
  for (const host::LogLine& entry : outcome.logs) {
    line(entry);
  }
  using host::LogLevel;
  auto own = [&](std::string text, LogLevel level) {
    line({system_clock().wall(), std::move(text), level});
  };
  if (outcome.log_truncated) {
    own("the log was cut at its limit ([limits] log)", LogLevel::kWarn);
  }
  if (outcome.status != host::Status::kOk) {
    // What is refused is its sender's fault, or the load's; all else is the function's or ours.
    own(fmt::format("{}: {}", host::status_row(outcome.status).name, outcome.message),
        outcome.status == host::Status::kRefused ? LogLevel::kWarn : LogLevel::kError);
  }
  if (!holds_ || lines_.size() > kMostHeld) {
    write_out();
  }
}

void LogWriter::hold() {
  std::lock_guard lock(mutex_);
  holds_ = true;
}

void LogWriter::flush() {
  std::lock_guard lock(mutex_);
  if (!lines_.empty()) {
    write_out();
  }
}

void LogWriter::write_out() {
  if (queue_ != nullptr) {
    queue_->push(lines_);
  } else {
    // A log that can't be written has nowhere to say so.
    static_cast<void>(write_all(fd_, as_bytes(lines_), "the log").ok());
  }
  lines_.clear();
  if (lines_.capacity() > 2 * kMostHeld) {
    std::string().swap(lines_);  // assigning an empty one would keep the buffer
  }
}

}  // namespace ferry::serve
