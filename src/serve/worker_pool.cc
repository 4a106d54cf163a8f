#include "serve/worker_pool.h"

#include <algorithm>
#include <csignal>
#include <utility>

namespace ferry::serve {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReadyPoll{10};
constexpr milliseconds kIdle{1000};
// A worker that was ready for less than this may die again as soon as it is back.
constexpr milliseconds kQuick{1000};
constexpr unsigned kQuickDeathsForFree = 3;
constexpr milliseconds kQuickPause{1000};

}  // namespace

WorkerPool::WorkerPool(const PoolOptions& options, Machine& machine, PoolHooks hooks)
    : options_(options),
      machine_(machine),
      hooks_(std::move(hooks)),
      workers_(options.workers),
      answering_(options.workers, true),
      next_beat_(machine.now() + options.beat) {
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i].slot = i;
}

std::size_t WorkerPool::other_slot(std::size_t index) const {
  return workers_[index].slot == index ? index + workers_.size() : index;
}

milliseconds WorkerPool::doubled(unsigned times) const {
  constexpr unsigned kMostDoublings = 16;
  return std::min(options_.first_pause * (1u << std::min(times, kMostDoublings)),
                  options_.longest_pause);
}

void WorkerPool::start(std::size_t index) {
  Worker& worker = workers_[index];
  Result<pid_t> started = machine_.start(worker.slot);
  if (!started.ok()) {
    const milliseconds pause = doubled(worker.failures++);
    worker.start_at = machine_.now() + pause;
    hooks_.on_start_failed(index, started.error(), pause);
    give_up_if_hopeless(worker.failures, options_.max_failed_forks);
    return;
  }
  worker.pid = *started;
  worker.ready = worker.killed = false;
  worker.missed = 0;
  worker.since = machine_.now();
}

void WorkerPool::give_up_if_hopeless(unsigned failures, unsigned bound) {
  if (!ever_ready_ && failures >= bound && !draining_) {
    gave_up_ = true;
    drain();
  }
}

void WorkerPool::look_at(std::size_t index) {
  Worker& worker = workers_[index];
  const Monotonic now = machine_.now();
  if (!worker.ready && machine_.is_ready(worker.slot)) {
    worker.ready = ever_ready_ = true;
    worker.since = now;
    worker.beats = machine_.beats(worker.slot);
    worker.failures = 0;
  }
  if (worker.ready && !worker.killed && machine_.is_leaving(worker.slot)) {
    leave(worker);
    worker.slot = other_slot(index);
    ++restarts_;
    hooks_.on_leaving(index);
    if (successors_.empty()) start(index);
    return;
  }
  if (!worker.ready && !worker.killed && now - worker.since > options_.start_bound) {
    worker.killed = true;
    hooks_.on_stuck(index);
    machine_.signal(worker.pid, SIGKILL);
  }
}

// The successor, where there is to be one, is its caller's business.
void WorkerPool::leave(Worker& worker) {
  leaving_.push_back({std::exchange(worker.pid, 0), worker.slot, machine_.now() + options_.grace});
}

bool WorkerPool::renew() {
  if (draining_ || !announced_ || !successors_.empty() || !leaving_.empty()) return false;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& next = successors_.emplace_back();
    next.slot = other_slot(i);
    Result<pid_t> started = machine_.start(next.slot);
    if (!started.ok()) {
      cancel_renewal(started.error());
      return true;
    }
    next.pid = *started;
    next.since = machine_.now();
  }
  return true;
}

void WorkerPool::look_at_successors() {
  if (successors_.empty()) return;
  bool all = true;
  for (Worker& next : successors_) {
    if (!next.ready && machine_.is_ready(next.slot)) {
      next.ready = true;
      next.beats = machine_.beats(next.slot);
    }
    if (!next.ready && machine_.now() - next.since > options_.start_bound) {
      machine_.signal(next.pid, SIGKILL);
      return cancel_renewal({Code::kLimit, "a new worker process did not get ready", ""});
    }
    all &= next.ready;
  }
  if (!all) return;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].pid > 0) {
      machine_.signal(workers_[i].pid, SIGTERM);
      leave(workers_[i]);
    }
    successors_[i].since = machine_.now();
    workers_[i] = successors_[i];
  }
  successors_.clear();
  hooks_.on_renewed(Done{});
}

// Successors that are ready may have accepted requests already.
void WorkerPool::cancel_renewal(const Error& reason) {
  for (Worker& next : std::exchange(successors_, {})) {
    if (next.pid == 0) continue;
    machine_.signal(next.pid, SIGTERM);
    leave(next);
  }
  hooks_.on_renewed(reason);
}

void WorkerPool::count_beats() {
  next_beat_ = machine_.now() + options_.beat;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    if (worker.pid == 0 || !worker.ready || worker.killed) continue;
    const std::uint64_t beats = machine_.beats(worker.slot);
    worker.missed = beats == worker.beats ? worker.missed + 1 : 0;
    worker.beats = beats;
    if (worker.missed >= options_.replaced_after) {
      worker.killed = true;
      hooks_.on_stuck(i);
      machine_.signal(worker.pid, SIGKILL);
    }
  }
}

void WorkerPool::bury(std::size_t index, int status) {
  Worker& worker = workers_[index];
  worker.pid = 0;
  worker.missed = 0;
  if (draining_) return;
  const Monotonic now = machine_.now();
  // It may have been ready for less than the time between two looks.
  const bool was_ready = worker.ready || machine_.is_ready(worker.slot);
  const bool quick = was_ready && (!worker.ready || now - worker.since < kQuick);
  ever_ready_ |= was_ready;
  ++restarts_;
  worker.failures = was_ready ? 0 : worker.failures + 1;
  worker.quick = quick ? worker.quick + 1 : 0;
  milliseconds pause{0};
  if (!was_ready) {
    pause = doubled(worker.failures);
  } else if (worker.quick > kQuickDeathsForFree) {
    pause = std::min(doubled(worker.quick - kQuickDeathsForFree), kQuickPause);
  }
  worker.ready = false;
  worker.start_at = now + pause;
  hooks_.on_death({index, status, worker.killed, pause});
  give_up_if_hopeless(worker.failures, options_.max_failed_starts);
}

void WorkerPool::died(pid_t pid, int status) {
  for (auto each = leaving_.begin(); each != leaving_.end(); ++each) {
    if (each->pid != pid) continue;
    hooks_.on_left(each->slot);
    leaving_.erase(each);
    return;
  }
  for (Worker& next : successors_) {
    if (next.pid != pid) continue;
    next.pid = 0;
    return cancel_renewal(
        {Code::kInternal, "a new worker process ended at its start", "the messages above say why"});
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].pid == pid) bury(i, status);
  }
}

void WorkerPool::announce() {
  if (announced_ || draining_) return;
  bool any = false;
  for (const Worker& worker : workers_) {
    if (!worker.ready && worker.failures == 0) return;
    any |= worker.ready;
  }
  if (any) {
    announced_ = true;
    hooks_.on_ready();
  }
}

void WorkerPool::say_who_answers() {
  std::vector<bool> answering(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const Worker& worker = workers_[i];
    const bool pauses = worker.pid == 0 && worker.start_at > machine_.now();
    answering[i] = !is_stuck(i) && !pauses && worker.failures == 0;
  }
  if (answering != answering_) {
    answering_ = std::move(answering);
    hooks_.on_answering(answering_);
  }
}

void WorkerPool::step() {
  const Monotonic now = machine_.now();
  for (std::size_t i = 0; i < workers_.size() && !draining_; ++i) {
    if (workers_[i].pid != 0) {
      look_at(i);
    } else if (now >= workers_[i].start_at && successors_.empty()) {
      start(i);
    }
  }
  look_at_successors();
  for (const Leaving& each : leaving_) {
    if (now >= each.kill_at) machine_.signal(each.pid, SIGKILL);
  }
  if (draining_) {
    if (now >= kill_at_ && alive() > 0) {
      if (!std::exchange(cut_, true)) hooks_.on_cut(alive());
      signal_all(SIGKILL);
    }
    return;
  }
  if (now >= next_beat_) count_beats();
  announce();
  say_who_answers();
}

void WorkerPool::drain() {
  if (std::exchange(draining_, true)) {
    signal_all(SIGKILL);
    return;
  }
  kill_at_ = machine_.now() + options_.grace;
  hooks_.on_drain();
  if (!successors_.empty()) cancel_renewal({Code::kInternal, "the program ends", ""});
  signal_all(SIGTERM);
}

void WorkerPool::signal_all(int signal) {
  for (const Worker& worker : workers_) {
    if (worker.pid > 0) machine_.signal(worker.pid, signal);
  }
  for (const Leaving& each : leaving_) machine_.signal(each.pid, signal);
}

std::size_t WorkerPool::alive() const {
  return leaving_.size() + static_cast<std::size_t>(std::ranges::count_if(
                               workers_, [](const Worker& worker) { return worker.pid > 0; }));
}

bool WorkerPool::over() const { return draining_ && alive() == 0; }

milliseconds WorkerPool::wait() const {
  const Monotonic now = machine_.now();
  milliseconds least = kIdle;
  const auto until = [&](Monotonic when) {
    least = std::clamp(std::chrono::ceil<milliseconds>(when - now), milliseconds(0), least);
  };
  if (draining_) {
    until(kill_at_ > now ? kill_at_ : now + kReadyPoll);
    return least;
  }
  until(next_beat_);
  if (!successors_.empty()) until(now + kReadyPoll);
  for (const Worker& worker : workers_) {
    if (worker.pid == 0) {
      if (successors_.empty()) until(worker.start_at);
    } else if (!worker.ready) {
      until(now + kReadyPoll);
    }
  }
  return least;
}

}  // namespace ferry::serve
