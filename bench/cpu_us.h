// CPU time, which other programs of a busy machine do not lengthen.
#pragma once

#include <time.h>  // clock_gettime

// Microseconds used so far by this thread, or with CLOCK_PROCESS_CPUTIME_ID by the whole process.
inline double cpu_us(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}
