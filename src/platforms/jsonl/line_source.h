// Events as lines of a stream: what "jsonl" reads, and where it writes outcomes.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "serve/delivery.h"

namespace ferry::platforms::jsonl {

// Lines from one descriptor; the outcome of each is a line to another. Empty lines are skipped. A
// line of more than `max_line` bytes is an error, since the end of it could not be found.
class LineSource final : public serve::Source {
 public:
  // All borrowed; `stop_fd` becoming readable ends it before the next line.
  LineSource(int in, int out, int stop_fd, std::size_t max_line, const Clock& clock);
  Result<std::optional<serve::Delivery>> next() override;
  Status settle(const serve::Delivery& delivery, const serve::Answer& answer) override;

 private:
  Result<bool> fill();  // false: the end, or stopped

  int in_;
  int out_;
  int stop_fd_;
  std::size_t max_line_;
  const Clock& clock_;
  std::string buffer_;
  std::size_t line_ = 0;
  bool ended_ = false;
};

}  // namespace ferry::platforms::jsonl
