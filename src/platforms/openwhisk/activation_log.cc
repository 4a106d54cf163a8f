#include "platforms/openwhisk/activation_log.h"

#include <fmt/format.h>

#include "base/file.h"

namespace ferry::platforms::openwhisk {
namespace {

// A function that writes the sentinel itself would end its log early, and with it the next one's:
// what it wrote is told apart by a space.
void append_line(std::string& out, std::string_view line) {
  const std::string_view mark(kSentinel, sizeof kSentinel - 2);
  for (std::size_t at = line.find(mark); at != std::string_view::npos; at = line.find(mark)) {
    out += line.substr(0, at + 1);
    out += ' ';
    line.remove_prefix(at + 1);
  }
  out += line;
  out += '\n';
}

}  // namespace

void ActivationLines::add(const host::Outcome& outcome) {
  for (const host::LogLine& line : outcome.logs) {
    append_line(out, line.text);
  }
  if (outcome.log_truncated) {
    append_line(err, "ferry: the log was cut at its limit ([limits] log)");
  }
  if (outcome.status != host::Status::kOk) {
    append_line(
        err, fmt::format("ferry: {}: {}", host::status_row(outcome.status).name, outcome.message));
    if (!outcome.backtrace.empty()) {
      append_line(err, outcome.backtrace);
    }
  }
}

void ActivationLog::end(ActivationLines lines) {
  emit(lines.out + kSentinel, lines.err + kSentinel);
}

void ActivationLog::say(const std::string& line) {
  std::string err;
  append_line(err, line);
  emit("", err);
}

void ActivationLog::emit(const std::string& out, const std::string& err) {
  std::lock_guard lock(mutex_);
  // A log that can't be written has nowhere to say so.
  if (out_ >= 0) {
    static_cast<void>(write_all(out_, as_bytes(out), "stdout").ok());
  }
  if (err_ >= 0) {
    static_cast<void>(write_all(err_, as_bytes(err), "stderr").ok());
  }
}

}  // namespace ferry::platforms::openwhisk
