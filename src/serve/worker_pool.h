// Which worker processes there should be, and what is done about those that die, do not answer or
// cannot be started: the supervisor's decisions, without its system calls. A state machine that is
// driven by step(), died() and the orders; all that it does goes through a Machine.
//
// The rules: a worker that died is replaced at once; one that fails again and again is tried with
// growing pauses, for ever, as long as any worker was ever ready. No healthy worker is ended for
// another's fault. All workers are replaced together (renew()) or none is. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/result.h"

namespace ferry::serve {

// What the pool needs of the machine. The real one forks (supervisor.cc); a test's fails on demand.
//
// A worker has a place, from 0 to the number of workers, and in it one of two slots, since a
// successor may start while the worker before it still finishes what it accepted: `slot` is the
// place, or the place plus the number of workers.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual Monotonic now() const = 0;
  // A process for this slot, of which nothing is known yet.
  virtual Result<pid_t> start(std::size_t slot) = 0;
  virtual void signal(pid_t pid, int signal) = 0;
  // What the newest process of this slot says of itself.
  virtual bool is_ready(std::size_t slot) const = 0;
  virtual bool is_leaving(std::size_t slot) const = 0;      // it drains, by somebody else's order
  virtual std::uint64_t beats(std::size_t slot) const = 0;  // grows while its loop goes round
};

struct PoolOptions {
  std::size_t workers = 1;
  // After the order to drain: how long workers may take to finish what they accepted.
  std::chrono::milliseconds grace{30'000};
  // So many deaths in a row before a worker was ready, with none ever ready, and the pool gives up.
  unsigned max_failed_starts = 4;
  unsigned max_failed_forks = 8;  // the same for processes that could not be made
  // Before a further try, doubled each time.
  std::chrono::milliseconds first_pause{50};
  std::chrono::milliseconds longest_pause{10'000};
  std::chrono::milliseconds start_bound{120'000};  // from fork to ready
  // A ready worker's heartbeat is looked at this often. Looks are counted, not time: after the
  // whole machine was suspended, one look was missed and not a thousand.
  std::chrono::milliseconds beat{1000};
  unsigned stuck_after = 3;      // looks without a beat: it counts as not ready
  unsigned replaced_after = 10;  // and it is killed
};

struct WorkerDeath {
  std::size_t index = 0;
  int wait_status = 0;                // as waitpid gives it
  bool killed_by_us = false;          // for it was stuck
  std::chrono::milliseconds pause{};  // until a successor is tried
};

// What happens, for logs, sockets and counters. `pause`: until a successor is tried.
struct PoolHooks {
  std::function<void()> on_ready = [] {};  // once: each is, or has failed while another is
  std::function<void()> on_drain = [] {};  // before the workers are stopped
  std::function<void(const WorkerDeath& death)> on_death = [](const WorkerDeath&) {};
  std::function<void(std::size_t index, const Error& error, std::chrono::milliseconds pause)>
      on_start_failed = [](std::size_t, const Error&, std::chrono::milliseconds) {};
  std::function<void(std::size_t index)> on_stuck = [](std::size_t) {};  // it is killed
  std::function<void(std::size_t index)> on_leaving = [](std::size_t) {};
  std::function<void(std::size_t count)> on_cut = [](std::size_t) {};  // killed at the grace's end
  std::function<void(std::size_t slot)> on_left = [](std::size_t) {};  // its process is no more
  // The end of what renew() began. An error: why the workers of before go on.
  std::function<void(const Status& renewed)> on_renewed = [](const Status&) {};
  // Which places have a worker that answers new connections, or will at once.
  std::function<void(const std::vector<bool>& answering)> on_answering =
      [](const std::vector<bool>&) {};
};

class WorkerPool {
 public:
  WorkerPool(const PoolOptions& options, Machine& machine, PoolHooks hooks);

  void step();                       // what is due now
  void died(pid_t pid, int status);  // a process of ours, or any other
  void drain();                      // the order to end; the second time: at once
  // Starts a successor beside each worker. Once all are ready, the workers are told to end; where
  // one fails, the successors are, and the workers go on. False: not now, since not all workers
  // have started yet, or some of an earlier renewal are still there.
  bool renew();
  std::chrono::milliseconds wait() const;  // until step() has something to do, if nothing happens

  bool over() const;  // drained: no process is left
  bool draining() const { return draining_; }
  bool renewing() const { return !successors_.empty(); }
  bool gave_up() const { return gave_up_; }
  bool was_cut() const { return cut_; }
  std::uint64_t restarts() const { return restarts_; }
  std::size_t size() const { return workers_.size(); }
  pid_t pid_of(std::size_t index) const { return workers_[index].pid; }
  std::size_t slot_of(std::size_t index) const { return workers_[index].slot; }
  // Whether a ready worker has missed its heartbeat for too long.
  bool is_stuck(std::size_t index) const { return workers_[index].missed >= options_.stuck_after; }

 private:
  struct Worker {
    std::size_t slot = 0;
    pid_t pid = 0;
    bool ready = false;
    bool killed = false;  // by us
    Monotonic since;      // it was started, then was ready
    Monotonic start_at;   // when pid is 0: not before
    std::uint64_t beats = 0;
    unsigned missed = 0;
    // Of this place, whichever process was in it:
    unsigned failures = 0;  // in a row, before one was ready
    unsigned quick = 0;     // deaths in a row of workers that were ready for a moment only
  };
  struct Leaving {
    pid_t pid;
    std::size_t slot;
    Monotonic kill_at;
  };

  std::size_t other_slot(std::size_t index) const;
  void start(std::size_t index);
  void leave(Worker& worker);
  void look_at_successors();
  void cancel_renewal(const Error& reason);
  void look_at(std::size_t index);
  void count_beats();
  void bury(std::size_t index, int status);
  std::chrono::milliseconds doubled(unsigned times) const;
  void give_up_if_hopeless(unsigned failures, unsigned bound);
  void announce();
  void say_who_answers();
  void signal_all(int signal);
  std::size_t alive() const;

  PoolOptions options_;
  Machine& machine_;
  PoolHooks hooks_;
  std::vector<Worker> workers_;
  std::vector<Worker> successors_;  // by place, while all are renewed; else empty
  std::vector<Leaving> leaving_;    // draining, with a successor in their place already
  std::vector<bool> answering_;
  Monotonic next_beat_;
  Monotonic kill_at_;
  std::uint64_t restarts_ = 0;
  bool ever_ready_ = false;
  bool announced_ = false;
  bool draining_ = false;
  bool gave_up_ = false;
  bool cut_ = false;
};

}  // namespace ferry::serve
