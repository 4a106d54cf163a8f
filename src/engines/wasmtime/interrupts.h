// Ends calls whose deadline has passed, from outside: their code has no check for it.
//
// At each tick, a thread whose call is late gets a signal. If it is in the guest's code then, the
// handler has it go on at an instruction that traps (stops.h), and the engine ends the call as it
// does for any trap. If it is not (in a call of ours, or in the engine) nothing is done, and the
// next tick tries again; calls of ours look at overdue() when they return. A frame of the guest's
// can be taken down at every instruction: what an event leaves behind is set back or thrown away.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>

#include <unistd.h>

#include "base/clock.h"
#include "base/result.h"
#include "engines/wasmtime/stops.h"

namespace ferry::engine::wasmtime {

// ThreadSanitizer keeps signals back until a thread calls something that it knows, which a guest
// that computes never does: there, the code has checks.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kBySignal = false;
#else
inline constexpr bool kBySignal = true;
#endif

// For one instance at a time, by its thread; the signal's handler runs on that thread as well.
// Never freed: a signal may come when its call is long over.
class alignas(64) Interruptible {
 public:
  static Interruptible& take();
  void give_back();

  // Around a call. `stops` is of its code; `stack` an address above all frames of the guest.
  void begin(Monotonic deadline, const Stops& stops, const void* stack);
  void end() { deadline_.store(Monotonic::max(), std::memory_order_release); }

  // For calls of ours, before they return to the guest.
  bool overdue() { return late_at_tick_.load(std::memory_order_relaxed) && look_at_clock(); }
  // Whether begin()'s call was sent to where it traps.
  bool interrupted() const { return interrupted_.load(std::memory_order_relaxed); }
  // Whether that is in the function in which it was.
  bool in_function() const { return in_function_.load(std::memory_order_relaxed); }

  // By any thread, each Engine::kTick.
  static void interrupt_late();
  // Once in a process, before the first call.
  static Status handle_signal();

 private:
  Interruptible() = default;
  bool look_at_clock();
  void interrupt(void* context);
  static void on_signal(int number, siginfo_t* info, void* context);

  std::atomic<Monotonic> deadline_{Monotonic::max()};  // of the call; max: none is late
  std::atomic<pid_t> thread_{0};
  std::atomic<bool> late_at_tick_{false};
  std::atomic<bool> signalled_{false};  // and the signal has not been handled yet
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> in_function_{false};
  std::atomic<bool> taken_{true};
  std::atomic<const Stops*> stops_{nullptr};
  std::atomic<std::uintptr_t> stack_{0};
  Interruptible* next_ = nullptr;  // of all
};

}  // namespace ferry::engine::wasmtime
