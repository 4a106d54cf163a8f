// Where one thread is in some code, at equal intervals of wall time: a timer's signal (SIGPROF) on
// that thread, and the chain of frame pointers from there. The code must keep frame pointers; what
// is called from it (the host) need not.
//
// One in a process at a time. Used by the thread that made it, which is the one that is sampled.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"

namespace ferry::profile {

// Addresses: [begin, end).
struct CodeSpan {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

// What stands first in a stack where the thread was in something that the code had called.
inline constexpr std::uintptr_t kCalledOut = 0;

class Sampler {
 public:
  static constexpr std::size_t kMostFrames = 256;  // of a stack; the outer ones are left out

  static Result<std::unique_ptr<Sampler>> make(CodeSpan code, std::chrono::microseconds interval);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  Status start();
  void stop();

  // How often the thread was seen, in the code or not.
  std::size_t looks() const;
  // Samples taken while the thread was in the code or in what it had called: addresses, the
  // innermost first, each of the instruction that runs or that called.
  void for_each(const std::function<void(std::span<const std::uintptr_t> stack)>& take) const;

 private:
  struct Room;
  explicit Sampler(std::unique_ptr<Room> room);

  std::unique_ptr<Room> room_;
};

}  // namespace ferry::profile
