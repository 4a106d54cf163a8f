// CPU time and time by the clock of a stretch of code. CPU time is what is reported: on a machine
// that is shared with others it is the one that can be repeated.
#pragma once

#include <ctime>

namespace ferry::compare {

inline double clock_us(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Of this thread, or of all threads of this process.
class Stopwatch {
 public:
  enum class Of : unsigned char { kThread, kProcess };
  explicit Stopwatch(Of of = Of::kThread)
      : clock_(of == Of::kThread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID),
        wall_(clock_us(CLOCK_MONOTONIC)),
        cpu_(clock_us(clock_)) {}

  double cpu_us() const { return clock_us(clock_) - cpu_; }
  double wall_us() const { return clock_us(CLOCK_MONOTONIC) - wall_; }

 private:
  clockid_t clock_;
  double wall_;
  double cpu_;
};

}  // namespace ferry::compare
