// Ticks an engine each Engine::kTick while anything runs; sleeps when nothing does, so that an
// idle process costs no wake-ups. One thread a Host.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/engine.h"

namespace ferry::host {

class Ticker {
 public:
  explicit Ticker(engine::Engine& engine);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // Ticks flow while at least one Running lives, unless status() is an error: then there is no
  // thread for them, and nothing may run that only a deadline would end. Any thread.
  class Running {
   public:
    explicit Running(Ticker& ticker) : ticker_(ticker), failed_(ticker.enter()) {}
    ~Running() { ticker_.running_.fetch_sub(1, std::memory_order_relaxed); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    bool ok() const { return failed_ == 0; }
    Error error() const { return errno_error("start the thread that keeps deadlines", failed_); }

   private:
    Ticker& ticker_;
    int failed_;  // an errno
  };

 private:
  int enter();  // 0, or an errno
  void loop();

  engine::Engine& engine_;
  std::atomic<int> running_{0};
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ferry::host
