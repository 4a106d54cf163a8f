// Deliveries and answers, whatever carries them: what a platform that we ask for work hands over,
// and its result. HTTP has its own form of the same (http/message.h), in which the platform
// calls us.
//
// A Source takes deliveries from somewhere and settles each with its answer: it posts a response,
// acknowledges a message, writes a line. run_source() is the loop between the two.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace ferry::serve {

struct Delivery {
  std::string id;       // the source's own; never empty
  std::string payload;  // the bytes as they came
  // What the source says beside the payload, by its own names, in lower case.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::optional<Monotonic> deadline;  // for the function: what answering takes is taken off
  Monotonic arrival;

  // The first of that name; empty if there is none.
  std::string_view attribute(std::string_view name) const;
};

struct Answer {
  std::string body;
  std::string content_type = "application/json";
  // Empty: the delivery is done with. Else the platform's name for what went wrong ("Function.
  // Trapped"), `body` says more, and a source that can has it delivered again.
  std::string error_type;
  bool streamed = false;  // to be sent in pieces, as bytes of `content_type`
};

// A platform's adapter. Thread-safe; may take as long as the function does. Never throws: a fault
// of the guest is an answer.
class DeliveryHandler {
 public:
  virtual ~DeliveryHandler() = default;
  virtual Answer answer(const Delivery& delivery) = 0;
};

// Used by one thread.
class Source {
 public:
  virtual ~Source() = default;
  // Waits for the next delivery. Nothing: it was stopped, or there will be no more. An error
  // ends the whole loop.
  virtual Result<std::optional<Delivery>> next() = 0;
  // Called once for each delivery, in any order. An error ends the whole loop; an answer that the
  // platform refuses is not an error.
  virtual Status settle(const Delivery& delivery, const Answer& answer) = 0;
};

// Answers deliveries on `threads` threads (or on fewer, where no more are to be had), each with a
// source of its own, until the sources stop; the first error ends them all, by making `stop_fd` (an
// eventfd) readable, and is returned.
Status run_source(const std::function<Result<std::unique_ptr<Source>>()>& make_source,
                  DeliveryHandler& handler, unsigned threads, int stop_fd);

// An eventfd that becomes readable on SIGTERM and, where `interrupt` is set, on SIGINT. Once in a
// process; the signals stay handled as long as the process lives.
Result<Fd> stop_on_signal(bool interrupt);

}  // namespace ferry::serve
