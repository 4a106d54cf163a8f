// What the invoker reads from the container's stdout and stderr: the lines of each activation,
// and then on both a line that ends it (docs/actions-new.md, "Activation record logs"). An
// activation's lines and its ends are written together, so that with many activations at once none
// falls into another's. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "host/outcome.h"

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

  // The lines and both ends.
  void end(ActivationLines lines);
  // A line of ours on stderr, outside of any activation.
  void say(const std::string& line);

 private:
  void emit(const std::string& out, const std::string& err);

  std::mutex mutex_;
  int out_;
  int err_;
};

}  // namespace ferry::platforms::openwhisk
