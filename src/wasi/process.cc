// proc_*, sched_yield.
#include "wasi/functions.h"

namespace ferry::wasi {
namespace {

Answer end_with(S& s, u32 code) {
  s.stop = Stop::kExit;
  s.exit_code = code;
  return Answer::end();
}

}  // namespace

Answer proc_exit(S& s, G /*g*/, u32 code) { return end_with(s, code); }

// witx gives each signal its action. Those that terminate end the guest as a shell would report
// it, with 128 + number; what would stop a process until somebody continues it is not offered,
// since nobody could.
Answer proc_raise(S& s, G /*g*/, u32 signal) {
  constexpr u32 kLast = 30;
  if (signal > kLast) return Errno::kInval;
  switch (signal) {
    case 0:   // none
    case 13:  // pipe
    case 16:  // chld
    case 17:  // cont
    case 22:  // urg
    case 27:  // winch
      return Errno::kSuccess;
    case 18:  // stop
    case 19:  // tstp
    case 20:  // ttin
    case 21:  // ttou
      return Errno::kNotsup;
    default:
      return end_with(s, 128 + signal);
  }
}

// A guest has one thread, and its own host thread; there is nobody to yield to.
Answer sched_yield(S& /*s*/, G /*g*/) { return Errno::kSuccess; }

}  // namespace ferry::wasi
