// The threads that run a guest and have lost the lead over it (http/crew.h). Those that compute for
// long get what others leave of the cores (SCHED_IDLE, sched(7)): a short event's thread has the
// core as soon as it wants it. So that this is never nothing, they are looked after: owed() says
// that one of them wants a core and gets less than a tenth of it.
//
// Not synchronised: the crew's mutex is held.
#pragma once

#include <chrono>
#include <vector>

#include <pthread.h>
#include <sys/types.h>

namespace ferry::http {

// CPU time of a thread; none, if it has ended.
std::chrono::nanoseconds cpu_time(pthread_t thread);

class LongOnes {
 public:
  // CPU time after which a guest counts as a long one.
  static constexpr std::chrono::milliseconds kLong{1};

  // By any thread; the only part that needs no mutex.
  static void make_room(pthread_t thread);

  // `used`: its CPU time by now. A thread that was kept from the core has hardly begun, and a
  // client waits: it is left as it is until it has computed for kLong more.
  void add(pthread_t thread, pid_t tid, std::chrono::nanoseconds used, bool computes);
  void remove(pthread_t thread);

  // At each tick of the watch.
  void look();
  bool owed() const { return owed_; }

 private:
  static constexpr std::chrono::milliseconds kSpell{20};
  static constexpr int kLeast = 10;  // of a core: one part in ten

  struct One {
    pthread_t thread;
    pid_t tid;
    std::chrono::nanoseconds used;
    bool computes;
  };

  std::vector<One> ones_;
  std::chrono::steady_clock::time_point spell_began_;
  bool owed_ = false;
};

}  // namespace ferry::http
