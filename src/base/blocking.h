// Says that the calling thread is about to wait for something outside (a socket, a timer), so that
// the thread pool can hand its other work to another thread in the meantime.
//
// The observer is per thread: a server sets it for the threads that it runs guests on
// (http/leader_followers.h); elsewhere waiting is just waiting. Who calls a guest passes it on to
// the calls that wait: an engine's plug-in has WASI of its own, and with it a variable of its own.
#pragma once

namespace ferry {

class BlockingObserver {
 public:
  virtual void before_wait() = 0;
  virtual void after_wait() = 0;

 protected:
  ~BlockingObserver() = default;
};

// Borrowed until it is replaced; null: nobody.
inline thread_local BlockingObserver* blocking_observer = nullptr;

// Around the wait, and nothing but the wait.
class Blocking {
 public:
  explicit Blocking(BlockingObserver* observer) : observer_(observer) {
    if (observer_ != nullptr) observer_->before_wait();
  }
  ~Blocking() {
    if (observer_ != nullptr) observer_->after_wait();
  }
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;

 private:
  BlockingObserver* observer_;
};

}  // namespace ferry
