#include "http/crew.h"

#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace ferry::http {
namespace {

// Engines run guests on our stack; this is beyond what any of them may use.
constexpr std::size_t kStack = 8u << 20;
constexpr int kLowPriority = 10;
// Ticks without a guest until the watch goes to sleep.
constexpr int kIdleTicks = 50;
}  // namespace

void Crew::spawn() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_t thread{};
  // Counted before it starts, so that run() can't miss it.
  ++alive_;
  ++standing_by_;
  if (pthread_create(&thread, &attributes, &Crew::thread_main, this) != 0) {
    --alive_;  // out of threads: the watch tries again at its next tick
    --standing_by_;
  }
  pthread_attr_destroy(&attributes);
}

void* Crew::thread_main(void* self) {
  static_cast<Crew*>(self)->lead_or_wait();
  return nullptr;
}

void Crew::lead_or_wait() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return lead_is_free_ || over_; });
  --standing_by_;
  if (!over_) {
    lead_is_free_ = false;
    leader_tid_.store(gettid(), std::memory_order_relaxed);
    lock.unlock();
    bool over = lead_();
    if (!over) {
      say_gone();
      return;
    }
    lock.lock();
    over_ |= over;
  }
  --alive_;
  ended_.push_back(pthread_self());
  wake_.notify_all();
  changed_.notify_all();
}

// This thread may be at low priority by now. It must not take the mutex: kept from the core by a
// guest that runs on the leader, it would keep the watch from relieving that one.
void Crew::say_gone() {
  auto* gone = new Gone{pthread_self(), gone_.load(std::memory_order_relaxed)};
  while (!gone_.compare_exchange_weak(gone->next, gone, std::memory_order_release,
                                      std::memory_order_relaxed)) {
  }
}

// The mutex is held.
void Crew::count_gone() {
  for (Gone* gone = gone_.exchange(nullptr, std::memory_order_acquire); gone != nullptr;) {
    --alive_;
    ended_.push_back(gone->thread);
    delete std::exchange(gone, gone->next);
  }
}

void Crew::relieve() {
  std::lock_guard lock(mutex_);
  lead_is_free_ = true;
  if (standing_by_ > 0) {
    wake_.notify_one();
  } else {
    spawn();
  }
}

void Crew::park(Ticket seen) {
  parked_.store(true, std::memory_order_seq_cst);
  std::unique_lock lock(mutex_);
  // Either the leader sees parked_ and wakes us, or we see that it has entered a guest.
  changed_.wait(lock, [&] {
    return over_ || !parked_.load(std::memory_order_seq_cst) ||
           turn_.load(std::memory_order_seq_cst) != seen;
  });
  parked_.store(false, std::memory_order_relaxed);
}

void Crew::unpark() {
  std::lock_guard lock(mutex_);
  parked_.store(false, std::memory_order_relaxed);
  changed_.notify_all();
}

void Crew::watch() {
  Ticket last = turn_.load();
  int same = 0;
  std::unique_lock lock(mutex_);
  while (!over_) {
    changed_.wait_for(lock, kTick);
    count_gone();
    std::vector<pthread_t> ended;
    ended.swap(ended_);
    if (lead_is_free_ && standing_by_ == 0) {
      spawn();
    }
    lock.unlock();
    for (pthread_t thread : ended) {
      pthread_join(thread, nullptr);
    }
    Ticket now = turn_.load(std::memory_order_acquire);
    same = now == last ? same + 1 : 0;
    last = now;
    if (now % 2 == 1 && same >= kPatience - 1) {
      int tid = leader_tid_.load(std::memory_order_relaxed);
      if (turn_.compare_exchange_strong(now, now + 1, std::memory_order_acq_rel)) {
        setpriority(PRIO_PROCESS, static_cast<id_t>(tid), kLowPriority);
        relieve();
      }
      same = 0;
    } else if (now % 2 == 0 && same >= kIdleTicks) {
      park(now);
      same = 0;
    }
    lock.lock();
  }
}

void Crew::run() {
  {
    std::lock_guard lock(mutex_);
    spawn();
  }
  watch();
  std::unique_lock lock(mutex_);
  while (alive_ > 0 || !ended_.empty()) {
    count_gone();
    std::vector<pthread_t> ended;
    ended.swap(ended_);
    lock.unlock();
    for (pthread_t thread : ended) {
      pthread_join(thread, nullptr);
    }
    lock.lock();
    if (alive_ > 0 && ended_.empty()) {
      changed_.wait_for(lock, kTick);
    }
  }
}

}  // namespace ferry::http
