#include "http/leader_followers.h"

#include <memory>
#include <utility>

namespace ferry::http {
namespace {

// Engines run guests on our stack; this is beyond what any of them may use.
constexpr std::size_t kStack = 8u << 20;
// Ticks without a guest until the watch goes to sleep.
constexpr int kIdleTicks = 50;
// Threads kept for the next guests that wait: starting one costs more than many a guest.
constexpr std::size_t kSpareThreads = 64;

}  // namespace

thread_local LeaderFollowers::Member* LeaderFollowers::this_thread_ = nullptr;

int LeaderFollowers::spawn() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  auto member = std::make_unique<Member>(*this);
  // Counted before it starts, so that run() can't miss it.
  ++alive_;
  ++standing_by_;
  const int failed =
      start_(&member->thread, &attributes, &LeaderFollowers::thread_main, member.get());
  if (failed == 0) {
    static_cast<void>(member.release());  // join_ended() deletes it
  } else {
    --alive_;
    --standing_by_;
  }
  pthread_attr_destroy(&attributes);
  return failed;
}

// The mutex is held.
bool LeaderFollowers::has_follower() {
  if (standing_by_ > 0) return true;
  const int failed = spawn();
  if (failed != 0) on_no_thread_(failed);
  return failed == 0;
}

void* LeaderFollowers::thread_main(void* member) {
  this_thread_ = static_cast<Member*>(member);
  this_thread_->slices.emplace(this_thread_->leader_followers.priority_);
  blocking_observer = this_thread_;
  this_thread_->leader_followers.lead_or_wait(*this_thread_);
  return nullptr;
}

void LeaderFollowers::lead_or_wait(Member& member) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return lead_is_free_ || over_; });
    --standing_by_;
    if (over_) break;
    lead_is_free_ = false;
    leader_.store(&member, std::memory_order_release);
    lock.unlock();
    const bool over = lead_();
    if (!over && !member.waited) {
      say_gone(member);
      return;
    }
    lock.lock();
    over_ |= over;
    if (over_ || !stand_by_again(member)) break;
  }
  --alive_;
  ended_.push_back(&member);
  wake_.notify_all();
  changed_.notify_all();
}

// The mutex is held. For a thread whose guest waited; it did not compute for long, so it gets the
// core soon and won't keep the mutex from the watch.
bool LeaderFollowers::stand_by_again(Member& member) {
  member.waited = false;
  if (standing_by_ >= kSpareThreads) return false;
  ++standing_by_;
  return true;
}

// By the member's own thread. The lead may be lost already, to the watch or by step_down(); then
// turn_ is even, or another leader's.
void LeaderFollowers::Member::before_wait() {
  if (!leader_followers.pass_before_wait(*this)) slices->stop();
}

void LeaderFollowers::Member::after_wait() {
  if (!std::exchange(leads_on, false)) slices->start();
}

// False if the lead was lost before.
bool LeaderFollowers::pass_before_wait(Member& member) {
  Ticket now = turn_.load(std::memory_order_acquire);
  if (leader_.load(std::memory_order_acquire) != &member || now % 2 == 0) return false;
  std::lock_guard lock(mutex_);
  if (!has_follower()) {
    member.leads_on = true;
    return true;
  }
  if (!turn_.compare_exchange_strong(now, now + 1, std::memory_order_acq_rel)) return false;
  member.began.store(cpu_time(pthread_self()), std::memory_order_relaxed);
  member.waited = true;
  pass_the_lead();
  if (parked_.exchange(false)) changed_.notify_all();
  return true;
}

// Without the mutex: a thread that was relieved may long have to wait for the core, and should keep
// nothing in the meantime that the watchdog needs to promote another leader.
void LeaderFollowers::say_gone(Member& member) {
  member.next = gone_.load(std::memory_order_relaxed);
  while (!gone_.compare_exchange_weak(member.next, &member, std::memory_order_release,
                                      std::memory_order_relaxed)) {
  }
}

// The mutex is held. For the same reason nobody is waited for: who is not quite gone yet is joined
// at a later tick.
void LeaderFollowers::join_ended() {
  for (Member* gone = gone_.exchange(nullptr, std::memory_order_acquire); gone != nullptr;
       gone = gone->next) {
    --alive_;
    ended_.push_back(gone);
  }
  std::erase_if(ended_, [](Member* member) {
    if (pthread_tryjoin_np(member->thread, nullptr) != 0) return false;
    delete member;
    return true;
  });
}

// The mutex is held, and somebody stands by.
void LeaderFollowers::pass_the_lead() {
  lead_is_free_ = true;
  wake_.notify_one();
}

bool LeaderFollowers::step_down() {
  this_thread_->began.store(cpu_time(pthread_self()), std::memory_order_relaxed);
  {
    std::lock_guard lock(mutex_);
    if (!has_follower()) return false;
    pass_the_lead();
    if (parked_.exchange(false)) changed_.notify_all();
  }
  this_thread_->slices->start();
  return true;
}

bool LeaderFollowers::end_long() {
  this_thread_->slices->stop();
  const auto began = this_thread_->began.load(std::memory_order_acquire);
  return cpu_time(pthread_self()) - began >= kLong;
}

void LeaderFollowers::park(Ticket seen) {
  parked_.store(true, std::memory_order_seq_cst);
  std::unique_lock lock(mutex_);
  // Either the leader sees parked_ and wakes us, or we see that it has entered a guest.
  changed_.wait(lock, [&] {
    return over_ || lead_is_free_ || !parked_.load(std::memory_order_seq_cst) ||
           turn_.load(std::memory_order_seq_cst) != seen;
  });
  parked_.store(false, std::memory_order_relaxed);
}

void LeaderFollowers::unpark() {
  std::lock_guard lock(mutex_);
  parked_.store(false, std::memory_order_relaxed);
  changed_.notify_all();
}

void LeaderFollowers::watch() {
  Ticket last = turn_.load();
  int same = 0;
  std::chrono::nanoseconds began{0};  // CPU time of the leader, when its guest was first seen
  std::unique_lock lock(mutex_);
  while (!over_) {
    changed_.wait_for(lock, kTick);
    join_ended();
    Ticket now = turn_.load(std::memory_order_acquire);
    same = now == last ? same + 1 : 0;
    last = now;
    if (now % 2 == 1) {
      Member& member = *leader_.load(std::memory_order_acquire);
      const auto used = cpu_time(member.thread);
      if (same == 0) began = used;
      if (used - began < kPatience && same < kMostTicks) continue;
      member.began.store(began, std::memory_order_release);
      if (has_follower() &&
          turn_.compare_exchange_strong(now, now + 1, std::memory_order_acq_rel)) {
        member.slices->start();
        pass_the_lead();
      }
      same = 0;
    } else if (same >= kIdleTicks) {
      lock.unlock();
      park(now);
      lock.lock();
      same = 0;
    }
  }
}

Status LeaderFollowers::run() {
  {
    std::lock_guard lock(mutex_);
    if (const int failed = spawn(); failed != 0) return errno_error("start a thread", failed);
  }
  watch();
  std::unique_lock lock(mutex_);
  while (alive_ > 0 || !ended_.empty()) {
    join_ended();
    if (alive_ > 0 || !ended_.empty()) {
      changed_.wait_for(lock, kTick);
    }
  }
  return Done{};
}

}  // namespace ferry::http
