// The server's loop, as its leading thread runs it (http/leader_followers.h). Everything here
// belongs to the leader but the list of connections that come back from guests that ran long.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <list>
#include <string_view>
#include <vector>

#include <sys/epoll.h>

#include "http/connection.h"
#include "http/leader_followers.h"
#include "http/server.h"

namespace ferry::http {

class Server::Loop {
 public:
  Loop(ServerOptions options, Service& service);
  ~Loop();
  Status start();
  Status listen(Fd listener);
  Status adopt(Fd connected, std::string peer);

  Status run();
  void step();
  int fd() const { return epoll_.get(); }
  void order(int what);  // kDrain or kStop; async-signal-safe

  static constexpr int kDrain = 1;
  static constexpr int kStop = 2;

 private:
  struct LaneState {
    std::uint32_t slots = 0;
    std::uint32_t running = 0;
    bool ran_long = false;  // its last guest
    std::deque<Connection*> waiting;
    // The leader's time (loop_lanes.cc):
    Nanoseconds left{0};         // of its share; below zero, what it had too much
    std::uint64_t refilled = 0;  // in which turn
    Nanoseconds mean{0};         // of its last guests
    std::uint32_t handled = 0;   // requests of this turn: read, or answered from the queue
    void pay(Nanoseconds time);  // from `left`
  };

  // These may run guests. False: the lead was lost; return at once, touching nothing.
  bool turn(bool may_wait);
  bool serve(Connection& connection);
  bool dispatch(Connection& connection);
  bool run_guest(Connection& connection);
  bool run_waiting();
  bool do_to_do();

  bool lead();  // until the work is over (true) or the lead is lost (false)
  bool over() const;
  int timeout_ms();

  // events
  void wait_for_events(int timeout_ms);
  void tell_before_wait();
  Connection* note_event(const epoll_event& event);
  void tell_lack(int error);
  void obey();
  void accept_some();
  Status add_connection(Fd fd, std::string peer);
  void set_accepting(bool on);
  void close(Connection& connection);
  void bury();
  void add_to_do(Connection& connection);
  bool hold_back(Connection& connection);

  // requests
  enum class Step : unsigned char { kAgain, kWait };
  Step write_and_linger(Connection& connection);
  Step read_more(Connection& connection);
  void refuse(Connection& connection, Refusal refusal);
  void enqueue(Connection& connection);
  void answer_overloaded(Connection& connection);
  void defer(Connection& connection);
  void take_deferred();
  void finish_guest(Connection& connection, bool ran_long);
  void take_returned();
  LaneState* next_runnable();
  bool any_runnable() const;
  bool has_slot(const LaneState& lane) const;
  bool has_share(LaneState& lane) const;
  bool is_full(const LaneState& lane) const;
  void stop_waiting(Connection& connection);
  void charge(Monotonic now);
  void charge_rest();

  // memory
  void account(Connection& connection);
  bool keep_within_memory(Connection& connection);
  void shed();
  void give_memory_back() const;

  // time
  void sweep();
  void sweep_one(Connection& connection);
  std::chrono::seconds patience_with(const Connection& connection) const;
  std::string_view greedy_peer() const;
  void start_draining();
  void drain_more();

  ServerOptions options_;
  Service& service_;
  Counters own_counters_;
  Counters& counters_;
  LeaderFollowers leader_followers_;
  bool threads_ = false;  // run(), rather than step()

  Fd epoll_;
  Fd wakeup_;
  Fd listener_;
  bool accepting_ = false;
  std::atomic<std::int64_t> lack_reported_{0};  // when; in the clock's ticks
  std::atomic<int> ordered_{0};
  std::atomic<bool> draining_{false};
  bool stopping_ = false;
  Monotonic drain_since_;

  Monotonic now_;
  Monotonic next_sweep_;
  Monotonic next_tidy_;
  int tidies_left_ = 0;  // calls of Service::tidy() still owed
  bool untold_ = false;  // a call of Service::before_wait() is owed
  Monotonic told_;       // the last one
  std::array<epoll_event, 128> events_{};
  int event_count_ = 0;
  int next_event_ = 0;
  std::list<Connection*> connections_;
  std::deque<Connection*> to_do_;
  bool holding_ = false;  // answers are in the to-do list, to be written together
  Monotonic hold_until_;  // and no longer than this
  std::vector<Connection*> graveyard_;
  std::size_t open_ = 0;
  std::uint64_t held_ = 0;
  std::string_view greedy_;  // during a sweep of a full server: see greedy_peer()

  std::vector<LaneState> lanes_;
  std::size_t next_lane_ = 0;     // whose turn it is to take a free slot
  LaneState* charged_ = nullptr;  // whose guest ran last, since when; null: nobody is charged
  Monotonic charged_since_;
  Nanoseconds turn_charged_{0};  // in this turn, to all lanes
  std::uint64_t turns_ = 0;
  std::uint32_t running_ = 0;
  std::uint32_t queued_ = 0;
  struct Deferred {
    Connection* connection;
    Monotonic due;
  };
  std::deque<Deferred> deferred_;  // by when they are due

  std::atomic<Connection*> returned_{nullptr};  // the last one to come back, and so on
};

}  // namespace ferry::http
