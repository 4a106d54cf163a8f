#include "profile/sampler.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <vector>

#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/own_signals.h"

namespace ferry::profile {
namespace {

// Words for stacks: some hundred thousand samples. Where it is full no more are taken.
constexpr std::size_t kWords = std::size_t{4} << 20;
// How far above the stack pointer the frame is looked for in which the code called out.
constexpr std::size_t kSearched = 8192;  // words

struct Registers {
  std::uintptr_t pc;
  std::uintptr_t sp;
  std::uintptr_t fp;
};

Registers registers_of(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return {static_cast<std::uintptr_t>(machine.gregs[REG_RIP]),
          static_cast<std::uintptr_t>(machine.gregs[REG_RSP]),
          static_cast<std::uintptr_t>(machine.gregs[REG_RBP])};
#elif defined(__aarch64__)
  return {machine.pc, machine.sp, machine.regs[29]};
#else
#error "the registers of this processor are not known here"
#endif
}

// Reads a stack that others laid out: what AddressSanitizer keeps between their variables, too.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] std::uintptr_t word_at(
    std::uintptr_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it comes out of a register
  return *reinterpret_cast<const volatile std::uintptr_t*>(address);
}

}  // namespace

struct Sampler::Room {
  CodeSpan code;
  std::uintptr_t stack_end = 0;
  timer_t timer{};
  std::chrono::microseconds interval{};
  std::atomic<std::size_t> looks{0};
  std::atomic<std::size_t> used{0};   // of `words`
  std::vector<std::uintptr_t> words;  // a stack: how many frames, then these

  bool is_code(std::uintptr_t address) const { return address >= code.begin && address < code.end; }
  // A frame: the caller's frame pointer, then the address to return to (both on x86-64 and arm64).
  bool is_frame(std::uintptr_t fp, std::uintptr_t above) const {
    return fp > above && fp % sizeof(std::uintptr_t) == 0 &&
           fp <= stack_end - 2 * sizeof(std::uintptr_t);
  }
  std::uintptr_t find_exit(const Registers& at) const;
  void take(const Registers& at);
};

namespace {

std::atomic<void*> sampled{nullptr};  // the Room of the one Sampler

}  // namespace

// The host was built with frame pointers, but what it calls need not have been: then the frame
// that returns into the code is looked for on the stack.
std::uintptr_t Sampler::Room::find_exit(const Registers& at) const {
  std::uintptr_t fp = at.fp;
  for (std::uintptr_t above = at.sp; is_frame(fp, above); above = fp, fp = word_at(fp)) {
    if (is_code(word_at(fp + sizeof fp))) return fp;
  }
  const std::uintptr_t first = (at.sp + sizeof fp - 1) / sizeof fp * sizeof fp;
  for (std::size_t i = 0; i < kSearched; ++i) {
    const std::uintptr_t place = first + i * sizeof fp;
    if (place > stack_end - 2 * sizeof fp) return 0;
    if (is_code(word_at(place + sizeof fp)) && is_frame(word_at(place), place)) return place;
  }
  return 0;
}

// In the signal's handler: touches nothing but this room and the thread's own stack.
void Sampler::Room::take(const Registers& at) {
  looks.fetch_add(1, std::memory_order_relaxed);
  const std::size_t begin = used.load(std::memory_order_relaxed);
  if (words.size() - begin < kMostFrames + 2 || at.sp >= stack_end) return;
  std::size_t count = 0;
  const auto add = [&](std::uintptr_t address) { words[begin + 1 + count++] = address; };
  std::uintptr_t fp = at.fp;
  std::uintptr_t above = at.sp;
  if (is_code(at.pc)) {
    add(at.pc);
  } else {
    fp = find_exit(at);
    if (fp == 0) return;
    add(kCalledOut);
    add(word_at(fp + sizeof fp) - 1);
    above = fp;
    fp = word_at(fp);
  }
  while (count < kMostFrames && is_frame(fp, above - 1)) {
    const std::uintptr_t back = word_at(fp + sizeof fp);
    if (!is_code(back)) break;
    add(back - 1);  // within the call, not behind it
    above = fp + 1;
    fp = word_at(fp);
  }
  words[begin] = count;
  used.store(begin + 1 + count, std::memory_order_relaxed);
}

Sampler::Sampler(std::unique_ptr<Room> room) : room_(std::move(room)) {}

Result<std::unique_ptr<Sampler>> Sampler::make(CodeSpan code, std::chrono::microseconds interval) {
  auto room = std::make_unique<Room>();
  room->code = code;
  room->interval = interval;
  room->words.resize(kWords);
  pthread_attr_t attributes;
  if (const int error = pthread_getattr_np(pthread_self(), &attributes)) {
    return errno_error("find this thread's stack", error);
  }
  void* stack = nullptr;
  std::size_t size = 0;
  pthread_attr_getstack(&attributes, &stack, &size);
  pthread_attr_destroy(&attributes);
  room->stack_end = reinterpret_cast<std::uintptr_t>(stack) + size;

  void* nobody = nullptr;
  if (!sampled.compare_exchange_strong(nobody, room.get())) {
    return Error{Code::kBusy, "this process is being profiled already", ""};
  }
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigaddset(&action.sa_mask, late_guest_signal());
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    const int saved = errno;
    if (auto* at = static_cast<Room*>(sampled.load())) at->take(registers_of(context));
    errno = saved;
  };
  sigaction(SIGPROF, &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGPROF;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_MONOTONIC, &event, &room->timer) != 0) {
    const int error = errno;
    sampled.store(nullptr);
    return errno_error("make a timer", error);
  }
  return std::unique_ptr<Sampler>(new Sampler(std::move(room)));
}

Sampler::~Sampler() {
  stop();
  timer_delete(room_->timer);
  sampled.store(nullptr);
}

Status Sampler::start() {
  itimerspec every{};
  every.it_interval.tv_nsec = static_cast<long>(std::chrono::nanoseconds(room_->interval).count());
  every.it_value = every.it_interval;
  if (timer_settime(room_->timer, 0, &every, nullptr) != 0) {
    return errno_error("start a timer", errno);
  }
  return Done{};
}

void Sampler::stop() {
  const itimerspec never{};
  timer_settime(room_->timer, 0, &never, nullptr);
}

std::size_t Sampler::looks() const { return room_->looks.load(); }

void Sampler::for_each(
    const std::function<void(std::span<const std::uintptr_t> stack)>& take) const {
  const std::size_t used = room_->used.load();
  for (std::size_t at = 0; at < used; at += 1 + room_->words[at]) {
    take({room_->words.data() + at + 1, room_->words[at]});
  }
}

}  // namespace ferry::profile
