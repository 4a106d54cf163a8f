#include "engines/wasmtime/interrupts.h"

#include <cerrno>
#include <csignal>

#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "base/own_signals.h"

namespace ferry::engine::wasmtime {
namespace {

std::atomic<Interruptible*> all{nullptr};  // the one made last; each names the one before

// Asking the kernel at each call would be seen. A child process has one thread, and another number.
thread_local pid_t own_number = 0;

pid_t thread_number() {
  if (own_number == 0) {
    static const int forks = pthread_atfork(nullptr, nullptr, [] { own_number = 0; });
    own_number = gettid();
    static_cast<void>(forks);
  }
  return own_number;
}

struct Registers {
  std::uintptr_t pc;
  std::uintptr_t fp;
};

Registers registers_of(const mcontext_t& machine) {
#if defined(__x86_64__)
  return {static_cast<std::uintptr_t>(machine.gregs[REG_RIP]),
          static_cast<std::uintptr_t>(machine.gregs[REG_RBP])};
#elif defined(__aarch64__)
  return {machine.pc, machine.regs[29]};
#else
#error "the registers of this processor are not known here"
#endif
}

void go_on_at(mcontext_t& machine, std::uintptr_t pc) {
#if defined(__x86_64__)
  machine.gregs[REG_RIP] = static_cast<greg_t>(pc);
#else
  machine.pc = pc;
#endif
}

// What AddressSanitizer keeps between variables is read as well.
[[gnu::no_sanitize_address]] std::uintptr_t word_at(std::uintptr_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it comes out of a register
  return *reinterpret_cast<const volatile std::uintptr_t*>(address);
}

// The engine will walk up these frames, and ends the process where they are not what they should
// be. Each instruction of its code leaves the frame pointer in order; this makes sure.
bool frames_hold(const Stops& stops, std::uintptr_t fp, std::uintptr_t stack) {
  constexpr std::uintptr_t kFrame = 2 * sizeof(std::uintptr_t);
  for (std::uintptr_t below = 0; fp > below && fp % sizeof fp == 0 && fp + kFrame <= stack;) {
    if (!stops.is_code(word_at(fp + sizeof fp))) return true;  // the engine's own called it
    below = fp;
    fp = word_at(fp);
  }
  return false;
}

}  // namespace

Interruptible& Interruptible::take() {
  for (Interruptible* each = all.load(); each != nullptr; each = each->next_) {
    if (!each->taken_.exchange(true)) return *each;
  }
  auto* made = new Interruptible;  // NOLINT(cppcoreguidelines-owning-memory): never freed
  made->next_ = all.load();
  while (!all.compare_exchange_weak(made->next_, made)) {
  }
  return *made;
}

void Interruptible::give_back() {
  end();
  taken_.store(false);
}

void Interruptible::begin(Monotonic deadline, const Stops& stops, const void* stack) {
  stops_.store(&stops, std::memory_order_relaxed);
  stack_.store(reinterpret_cast<std::uintptr_t>(stack), std::memory_order_relaxed);
  thread_.store(thread_number(), std::memory_order_relaxed);
  late_at_tick_.store(false, std::memory_order_relaxed);
  interrupted_.store(false, std::memory_order_relaxed);
  signalled_.store(false, std::memory_order_release);  // whoever sees this sees the thread as well
  deadline_.store(deadline, std::memory_order_release);
}

// The tick may have meant the call before.
bool Interruptible::look_at_clock() {
  if (std::chrono::steady_clock::now() >= deadline_.load(std::memory_order_relaxed)) return true;
  late_at_tick_.store(false, std::memory_order_relaxed);
  return false;
}

void Interruptible::interrupt_late() {
  const Monotonic now = std::chrono::steady_clock::now();
  for (Interruptible* each = all.load(); each != nullptr; each = each->next_) {
    if (each->deadline_.load(std::memory_order_acquire) > now) continue;
    each->late_at_tick_.store(true, std::memory_order_relaxed);
    // A thread that has no core would be sent one more each time.
    if (each->signalled_.exchange(true)) continue;
    const pid_t thread = each->thread_.load(std::memory_order_relaxed);
    // Not sent where too many signals wait, or the call and its thread have ended.
    const bool sent = syscall(SYS_tgkill, getpid(), thread, late_guest_signal()) == 0;
    if (!sent) each->signalled_.store(false);
  }
}

Status Interruptible::handle_signal() {
  struct sigaction action {};
  action.sa_sigaction = &Interruptible::on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  if (sigaction(late_guest_signal(), &action, nullptr) == 0) return Done{};
  return errno_error("handle the signal that ends late guests", errno);
}

void Interruptible::on_signal(int /*number*/, siginfo_t* /*info*/, void* context) {
  const int error = errno;
  const pid_t thread = gettid();
  const Monotonic now = std::chrono::steady_clock::now();
  for (Interruptible* each = all.load(); each != nullptr; each = each->next_) {
    // That of another thread may change while it is looked at; this thread's own does not.
    if (each->thread_.load(std::memory_order_relaxed) != thread) continue;
    each->signalled_.store(false);
    if (each->deadline_.load(std::memory_order_acquire) <= now) each->interrupt(context);
  }
  errno = error;
}

void Interruptible::interrupt(void* context) {
  mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  const Registers at = registers_of(machine);
  const Stops& stops = *stops_.load(std::memory_order_relaxed);
  const Stops::Stop stop = stops.find(at.pc);
  if (stop.address == 0 || !frames_hold(stops, at.fp, stack_.load(std::memory_order_relaxed))) {
    return;
  }
  interrupted_.store(true, std::memory_order_relaxed);
  in_function_.store(stop.in_function, std::memory_order_relaxed);
  go_on_at(machine, stop.address);
}

}  // namespace ferry::engine::wasmtime
