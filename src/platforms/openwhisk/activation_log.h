// What the invoker reads from the container's stdout and stderr: the lines of each activation,
// and then on both a line that ends it (docs/actions-new.md, "Activation record logs"). An
// activation's lines and its ends are written together, so that with many activations at once none
// falls into another's. They are written before the activation is answered, since the invoker may
// pause the container then; but a reader that does not read holds nobody up for longer than
// LogQueue::kPatience, and loses lines rather than their ends. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "host/outcome.h"
#include "serve/log_queue.h"

namespace ferry::platforms::openwhisk {

inline constexpr char kSentinel[] = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n";

// The lines of one activation, collected before they are written.
struct ActivationLines {
  std::string out;  // the function's
  std::string err;  // ours, about an outcome that is not ok
  void add(const host::Outcome& outcome);
};

class ActivationLog {
 public:
  // Descriptors, borrowed; -1 for nowhere.
  ActivationLog(int out, int err) : out_(out), err_(err) {}
  ActivationLog(const ActivationLog&) = delete;
  ActivationLog& operator=(const ActivationLog&) = delete;

  // The lines and both ends.
  void end(const ActivationLines& lines);
  // A line of ours on stderr, outside of any activation.
  void say(const std::string& line);

 private:
  class Stream {
   public:
    explicit Stream(int fd);
    void write(const std::string& lines, const std::string& end);

   private:
    std::unique_ptr<serve::LineOutput> output_;
    std::atomic<std::uint64_t> dropped_{0};
    std::optional<serve::LogQueue> queue_;
  };

  Stream out_;
  Stream err_;
};

}  // namespace ferry::platforms::openwhisk
