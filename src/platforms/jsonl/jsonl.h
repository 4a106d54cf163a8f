// The platform "jsonl": events as lines of JSON on standard input, outcomes as lines of JSON on
// standard output. For pipes: dumps of queues, consumers such as kcat, batches.
#pragma once

#include "platforms/http_calls.h"
#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& jsonl_platform();

namespace jsonl {

// One line → event → outcome → one line. Thread-safe.
class JsonlAdapter final : public serve::DeliveryHandler {
 public:
  // For the context's only function.
  explicit JsonlAdapter(AdapterContext context);
  serve::Answer answer(const serve::Delivery& delivery) override;

 private:
  AdapterContext context_;
  HttpCalls calls_;
};

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

}  // namespace jsonl
}  // namespace ferry::platforms
