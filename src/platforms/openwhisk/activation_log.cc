#include "platforms/openwhisk/activation_log.h"

#include <fmt/format.h>

namespace ferry::platforms::openwhisk {
namespace {

// A function that writes the sentinel itself would end its log early, and with it the next one's:
// what it wrote is distinguished by a space.
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

ActivationLog::Stream::Stream(int fd) {
  if (fd < 0) return;
  auto output = serve::LineOutput::make(fd);
  if (!output.ok()) return;
  output_ = *std::move(output);
  queue_.emplace(*output_, dropped_, "");
}

void ActivationLog::Stream::write(const std::string& lines, const std::string& end) {
  if (!queue_) return;
  if (!queue_->push_now(lines + end)) queue_->push(end, true);
  queue_->wait_until_written();
}

void ActivationLog::end(const ActivationLines& lines) {
  out_.write(lines.out, kSentinel);
  err_.write(lines.err, kSentinel);
}

void ActivationLog::say(const std::string& line) {
  std::string text;
  append_line(text, line);
  err_.write(text, "");
}

}  // namespace ferry::platforms::openwhisk
