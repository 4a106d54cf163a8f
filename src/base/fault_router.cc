#include "base/fault_router.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/fault_kind.h"

namespace ferry {

constinit thread_local FaultAnswer* thread_faults = nullptr;

// Slots are never given back to the heap, so that the handler can walk them at any time; they are
// used again.
struct FaultSlot {
  std::atomic<std::uintptr_t> start{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<FaultAnswer*> answer{nullptr};  // null: free
  FaultSlot* next = nullptr;
};

namespace {

std::mutex mutex;  // of those who change something; never taken in the handler
std::atomic<FaultSlot*> slots{nullptr};
std::atomic<int> asking{0};  // threads that are walking the slots in the handler

// An engine that is loaded later puts its handler before ours. Then ours is put before that one,
// as another function, since that one calls the first.
constexpr std::size_t kMostHandlers = 8;
std::array<struct sigaction, kMostHandlers> next_actions;
std::size_t handlers = 0;

bool answered(std::uintptr_t address, FaultKind kind) {
  if (thread_faults != nullptr && thread_faults->on_fault(address, kind)) return true;
  bool done = false;
  asking.fetch_add(1);  // before an answer is looked at: ~FaultRange waits for it
  for (const FaultSlot* slot = slots.load(); slot != nullptr && !done; slot = slot->next) {
    if (address < slot->start.load() || address >= slot->end.load()) continue;
    FaultAnswer* answer = slot->answer.load();
    done = answer != nullptr && answer->on_fault(address, kind);
  }
  asking.fetch_sub(1);
  return done;
}

template <std::size_t kHandler>
void on_segv(int number, siginfo_t* info, void* context) {
  const int saved = errno;
  // A page that is closed by a marker (code_guard.cc) counts as one that is not there.
  const bool closed = info->si_code == SEGV_ACCERR || info->si_code == SEGV_MAPERR;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const bool done = closed && answered(address, fault_kind(context, address));
  errno = saved;
  if (done) return;
  const struct sigaction& next = next_actions[kHandler];
  if ((next.sa_flags & SA_SIGINFO) != 0 && next.sa_sigaction != nullptr) {
    next.sa_sigaction(number, info, context);
  } else if (next.sa_handler != SIG_DFL && next.sa_handler != SIG_IGN) {
    next.sa_handler(number);
  } else {
    // Nobody else wants it: let it end the process as if we had not been here.
    ::signal(number, SIG_DFL);
  }
}

using Handler = void (*)(int, siginfo_t*, void*);
template <std::size_t... kIndex>
constexpr auto all_handlers(std::index_sequence<kIndex...> /*indices*/) {
  return std::array<Handler, sizeof...(kIndex)>{on_segv<kIndex>...};
}
constexpr auto kHandlers = all_handlers(std::make_index_sequence<kMostHandlers>());

// A child has one thread, and it is not in the handler.
void before_fork() { mutex.lock(); }
void after_fork() { mutex.unlock(); }
void in_child() {
  asking = 0;
  mutex.unlock();
}

}  // namespace

Status take_faults() {
  const std::lock_guard lock(mutex);
  struct sigaction current {};
  if (::sigaction(SIGSEGV, nullptr, &current) != 0) return errno_error("read SIGSEGV", errno);
  for (std::size_t i = 0; i < handlers; ++i) {
    if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == kHandlers[i]) return Done{};
  }
  if (handlers == kMostHandlers) {
    return Error{Code::kLimit, "too many SIGSEGV handlers were put before each other",
                 "use fewer engines in one process"};
  }
  if (handlers == 0) pthread_atfork(before_fork, after_fork, in_child);
  next_actions[handlers] = current;
  struct sigaction action {};
  action.sa_sigaction = kHandlers[handlers];
  // SA_NODEFER: the engine's handler may leave by a jump, with the signal still blocked else.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  if (::sigaction(SIGSEGV, &action, nullptr) != 0) {
    return errno_error("set a SIGSEGV handler", errno);
  }
  ++handlers;
  return Done{};
}

FaultRange::FaultRange(const void* base, std::size_t size, FaultAnswer& answer) {
  const std::lock_guard lock(mutex);
  slot_ = slots.load();
  while (slot_ != nullptr && slot_->answer.load() != nullptr) slot_ = slot_->next;
  const bool made = slot_ == nullptr;
  if (made) slot_ = new FaultSlot;
  slot_->start = reinterpret_cast<std::uintptr_t>(base);
  slot_->end = reinterpret_cast<std::uintptr_t>(base) + size;
  slot_->answer = &answer;
  if (made) {
    slot_->next = slots.load();
    slots = slot_;
  }
}

FaultRange::~FaultRange() {
  const std::lock_guard lock(mutex);
  slot_->answer = nullptr;
  while (asking.load() != 0) sched_yield();
}

}  // namespace ferry
