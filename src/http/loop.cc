// The life of a request on the leading thread: read, admit, run, write.
#include "http/loop.h"

#include <unistd.h>

namespace ferry::http {
namespace {

// Requests of one connection that are answered in a row, when it sends them without waiting.
constexpr int kBurst = 16;
// How long an answer may be held back for the others of its turn.
constexpr std::chrono::microseconds kHold{100};
// How long a loop that never waits may put off what its service does before a wait. That wakes the
// log's thread: on one core two thread switches, as long as a short guest takes.
constexpr std::chrono::milliseconds kTell{4};

}  // namespace

Server::Loop::Loop(ServerOptions options, Service& service)
    : options_(std::move(options)),
      service_(service),
      counters_(options_.counters != nullptr ? *options_.counters : own_counters_),
      leader_followers_([this] { return lead(); }, [this](int error) { tell_lack(error); }),
      now_(options_.clock->monotonic()),
      next_sweep_(now_) {
  for (const Lane& lane : options_.lanes) {
    lanes_.emplace_back().slots = lane.slots;
  }
}

Status Server::Loop::run() {
  threads_ = true;
  Status done = leader_followers_.run();
  threads_ = false;
  return done;
}

void Server::Loop::step() { turn(false); }

bool Server::Loop::lead() {
  untold_ = true;  // the leader before lost the lead within its turn
  // It may have been held up with answers in hand.
  if (!do_to_do()) {
    return false;
  }
  while (!over()) {
    counters_.beats.store(counters_.beats.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
    if (!turn(true)) {
      return false;
    }
  }
  tell_before_wait();
  return true;
}

bool Server::Loop::turn(bool may_wait) {
  // A new leader may find events here that the one before did not get to.
  if (next_event_ == event_count_) {
    if (lanes_.size() > 1) charge_rest();
    charged_ = nullptr;
    ++turns_;
    wait_for_events(may_wait ? timeout_ms() : 0);
  }
  while (next_event_ < event_count_) {
    Connection* connection = note_event(events_[static_cast<std::size_t>(next_event_++)]);
    if (connection != nullptr && !serve(*connection)) {
      return false;
    }
    if (holding_ && connection != nullptr && connection->request().arrival >= hold_until_ &&
        !do_to_do()) {
      return false;
    }
  }
  take_returned();
  if (!deferred_.empty()) take_deferred();
  if (queued_ > 0 && !run_waiting()) {
    return false;
  }
  if (!do_to_do()) {
    return false;
  }
  bury();
  untold_ = true;
  if (!may_wait || now_ - told_ >= kTell) tell_before_wait();
  if (now_ >= next_sweep_) {
    sweep();
  }
  if (tidies_left_ > 0 && now_ >= next_tidy_) {
    --tidies_left_;
    next_tidy_ = now_ + Service::kTidy;
    service_.tidy();
    if (tidies_left_ == 0) give_memory_back();
  }
  return true;
}

bool Server::Loop::do_to_do() {
  holding_ = false;
  for (std::size_t count = to_do_.size(); count > 0; --count) {
    Connection* connection = to_do_.front();
    to_do_.pop_front();
    connection->listed = false;
    if (!connection->closed && !serve(*connection)) {
      return false;
    }
  }
  return true;
}

// Answers of one turn go out together: each write wakes a peer, and waking a peer that is awake
// from the write before costs next to nothing.
bool Server::Loop::hold_back(Connection& connection) {
  if (next_event_ == event_count_ || !connection.pending()) {
    return false;
  }
  if (!holding_) {
    holding_ = true;
    hold_until_ = connection.request().arrival + kHold;
  }
  add_to_do(connection);
  return true;
}

Server::Loop::Step Server::Loop::write_and_linger(Connection& connection) {
  if (connection.pending()) {
    switch (connection.flush()) {
      case Connection::Io::kClosed:
        close(connection);
        return Step::kWait;
      case Connection::Io::kWouldBlock:
        // Its time begins anew once the peer has taken what it must take in that time.
        if (connection.sent() - connection.sent_before >=
            options_.least_rate * static_cast<std::uint64_t>(options_.write_timeout.count())) {
          connection.since = now_;
          connection.sent_before = connection.sent();
        }
        return Step::kWait;
      case Connection::Io::kProgress:
        connection.since = now_;
        connection.sent_before = 0;
        account(connection);
    }
  }
  if (connection.closing && !connection.lingering) {
    connection.start_lingering();
    connection.since = now_;
    connection.readable = true;
  }
  if (!connection.lingering) {
    return Step::kAgain;
  }
  if (connection.readable) {
    switch (connection.discard()) {
      case Connection::Io::kClosed:
        close(connection);
        break;
      case Connection::Io::kWouldBlock:
        connection.readable = false;
        break;
      case Connection::Io::kProgress:
        add_to_do(connection);
    }
  }
  return Step::kWait;
}

Server::Loop::Step Server::Loop::read_more(Connection& connection) {
  Reader& reader = connection.reader;
  if (reader.state() == Reader::State::kBody && reader.head().expects_continue &&
      !connection.continued) {
    connection.say_continue();
    return Step::kAgain;
  }
  if (!connection.readable) {
    return Step::kWait;
  }
  if (reader.state() == Reader::State::kIdle) {
    connection.since = now_;
  }
  switch (connection.read()) {
    case Connection::Io::kClosed:
      close(connection);
      return Step::kWait;
    case Connection::Io::kWouldBlock:
      return Step::kWait;
    case Connection::Io::kProgress:
      break;
  }
  return keep_within_memory(connection) ? Step::kAgain : Step::kWait;
}

bool Server::Loop::serve(Connection& connection) {
  Reader& reader = connection.reader;
  for (int burst = 0; !connection.closed && !connection.busy && !connection.waiting;) {
    if (write_and_linger(connection) == Step::kWait) {
      return true;
    }
    Reader::State before = reader.state();
    switch (reader.advance()) {
      case Reader::State::kReady:
        if (burst++ == kBurst) {
          add_to_do(connection);
          return true;
        }
        if (!dispatch(connection)) {
          return false;
        }
        if (hold_back(connection)) {
          return true;
        }
        break;
      case Reader::State::kRefused:
        refuse(connection, reader.refusal());
        break;
      case Reader::State::kBody:
        if (before != Reader::State::kBody) {
          connection.since = now_;
        }
        [[fallthrough]];
      default:
        if (read_more(connection) == Step::kWait) {
          return true;
        }
    }
  }
  return true;
}

bool Server::Loop::run_guest(Connection& connection) {
  if (tidies_left_ == 0) {
    next_tidy_ = now_ + Service::kTidy;
  }
  tidies_left_ = 2;
  connection.busy = true;
  LaneState& lane = lanes_[static_cast<std::size_t>(connection.lane)];
  ++lane.running;
  counters_.running.store(++running_, std::memory_order_relaxed);
  // What ran long the last time will do so again; and what it costs to find that out, others wait.
  const bool apart = threads_ && lane.ran_long && leader_followers_.step_down();
  LeaderFollowers::Ticket ticket = 0;
  if (threads_ && !apart) {
    ticket = leader_followers_.enter();
  }

  // From here on the lead may be lost: only the connection is ours.
  connection.response.clear();
  service_.handle(connection.request(), connection.response);
  connection.answer(connection.response, draining_.load(std::memory_order_relaxed));

  if (apart || (threads_ && !leader_followers_.leave(ticket))) {
    connection.ran_long = LeaderFollowers::end_long();
    connection.flush();  // what is left of it, or an error, the leader will find
    // No mutex: this thread may have to wait for the core, and the leader would wait for it.
    connection.next_returned = returned_.load(std::memory_order_relaxed);
    while (!returned_.compare_exchange_weak(connection.next_returned, &connection,
                                            std::memory_order_release, std::memory_order_relaxed)) {
    }
    order(0);
    return false;
  }
  finish_guest(connection, false);
  return true;
}

void Server::Loop::finish_guest(Connection& connection, bool ran_long) {
  connection.busy = false;
  LaneState& lane = lanes_[static_cast<std::size_t>(connection.lane)];
  --lane.running;
  lane.ran_long = ran_long;
  counters_.running.store(--running_, std::memory_order_relaxed);
  connection.reader.next();
  connection.continued = false;
  connection.served = true;
  connection.since = now_;
  keep_within_memory(connection);
}

void Server::Loop::take_returned() {
  if (returned_.load(std::memory_order_relaxed) == nullptr) return;
  Connection* next = returned_.exchange(nullptr, std::memory_order_acquire);
  while (next != nullptr) {
    Connection& connection = *std::exchange(next, next->next_returned);
    finish_guest(connection, connection.ran_long);
    add_to_do(connection);
  }
}

void Server::Loop::refuse(Connection& connection, Refusal refusal) {
  counters_.malformed.fetch_add(1, std::memory_order_relaxed);
  connection.reader.give_up(refusal);
  connection.response.clear();
  service_.refused(refusal.status, refusal.reason, connection.response);
  connection.response.close = true;
  connection.answer(connection.response, true);
}

}  // namespace ferry::http
