#include "http/small_slices.h"

#include <algorithm>
#include <cerrno>

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/own_signals.h"

namespace ferry::http {
namespace {

// How often this thread gave the core away by itself.
long sleeps() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) return std::chrono::nanoseconds(0);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

std::chrono::nanoseconds cpu_time(pthread_t thread) {
  clockid_t clock{};
  const bool found = pthread_getcpuclockid(thread, &clock) == 0;
  return found ? read_clock(clock) : std::chrono::nanoseconds(0);
}

SmallSlices::SmallSlices(LeaderPriority& priority) : priority_(priority) {
  static const bool handled = [] {
    struct sigaction action {};
    action.sa_sigaction = &SmallSlices::on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaddset(&action.sa_mask, late_guest_signal());
    return sigaction(slice_signal(), &action, nullptr) == 0;
  }();
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = slice_signal();
  event.sigev_value.sival_ptr = this;
  event._sigev_un._tid = gettid();
  has_timer_ = handled && timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
}

SmallSlices::~SmallSlices() {
  if (has_timer_) timer_delete(timer_);
}

void SmallSlices::start() {
  if (!has_timer_) return;
  // Two threads may start it: the watchdog that takes the lead, and the guest's own after a wait.
  if (!on_.exchange(true, std::memory_order_acq_rel)) priority_.join();
  set_timer(std::chrono::nanoseconds(1));
}

void SmallSlices::stop() {
  if (!on_.exchange(false)) return;
  set_timer(std::chrono::nanoseconds(0));
  priority_.leave();
}

void SmallSlices::set_timer(std::chrono::nanoseconds in) const {
  itimerspec at{};
  at.it_value.tv_nsec = in.count();
  timer_settime(timer_, 0, &at, nullptr);
}

void SmallSlices::on_signal(int /*signal*/, siginfo_t* info, void* /*context*/) {
  // Our timers' signals only: one from another process carries a pointer of its own choice.
  if (info->si_code != SI_TIMER) return;
  const int error = errno;
  static_cast<SmallSlices*>(info->si_value.sival_ptr)->look();
  errno = error;
}

void SmallSlices::look() {
  if (!on_.load(std::memory_order_acquire)) return;
  in_ = sleeps() == slept_ ? LeaderPriority::kSlice : std::min(in_ * 2, kRarest);
  priority_.stand_aside();
  slept_ = sleeps();
  // From now on: the time until it had the core again is none of its slice.
  set_timer(in_);
}

}  // namespace ferry::http
