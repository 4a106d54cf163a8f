// Which request runs next on the leading thread: slots, the queues of the lanes, and each lane's
// share of the leader's time.
//
// A request runs as it arrives while its lane has some of its share of this turn left. After that
// the lane's requests wait until the turn's other events were looked at; then each lane that has
// some waiting gets a share, in turn (deficit round robin, by measured time: Shreedhar and
// Varghese, 1995). What the turn took beside guests, reading and writing, is charged at its end to
// the lanes that had requests in it. So a function that is flooded leaves the others theirs, and
// one that is alone has it all.
//
// What would have to wait too long is answered 503 at once, with a Retry-After. A client that asks
// again without heeding it has its next answer deferred: otherwise a few hundred such clients would
// have the leader do nothing but refuse them.
#include <algorithm>

#include "http/loop.h"

namespace ferry::http {
namespace {

// Of the leader's time, for each lane in each turn. Short functions of other lanes wait about this
// long for a flooded one.
constexpr std::chrono::microseconds kShare{250};
// The most that a lane can have had too much. A guest that computes longer has lost the lead by
// then; in a turn of more time the process stood still.
constexpr std::chrono::milliseconds kMostDebt{10};
// A guest longer than this has its answer written at once, not with those of the same turn.
constexpr std::chrono::microseconds kShort{100};
constexpr int kMeanOver = 8;
// Since the last 503 on the same connection.
constexpr std::chrono::milliseconds kPause{100};
// Between two deferred answers: all of them together take a few hundredths of the leader's time.
constexpr std::chrono::microseconds kApart{500};
constexpr std::uint64_t kMostTurns = 1000;

}  // namespace

void Server::Loop::LaneState::pay(Nanoseconds time) {
  left = std::max<Nanoseconds>(left - time, -kMostDebt);
}

// What the guest before took, as the clock is read anyway.
void Server::Loop::charge(Monotonic now) {
  if (charged_ == nullptr) return;
  const Nanoseconds took = now - charged_since_;
  charged_->pay(took);
  turn_charged_ += took;
  // One that was held up by another process says little about the next ones.
  charged_->mean +=
      (std::min<Nanoseconds>(took, 2 * charged_->mean + kShort) - charged_->mean) / kMeanOver;
  charged_ = nullptr;
}

// At the end of a turn. Reading and writing take longer than many a guest: a flood of short
// requests would otherwise have several times the share of a function whose time is its guest's.
void Server::Loop::charge_rest() {
  std::uint32_t handled = 0;
  std::size_t rivals = 0;
  for (const LaneState& lane : lanes_) {
    handled += lane.handled;
    if (lane.handled > 0 || !lane.waiting.empty()) ++rivals;
  }
  if (handled > 0) {
    const Nanoseconds rest = options_.clock->monotonic() - now_ - turn_charged_;
    for (LaneState& lane : lanes_) {
      if (rivals > 1 && rest.count() > 0) lane.pay(rest * lane.handled / handled);
      lane.handled = 0;
    }
  }
  turn_charged_ = Nanoseconds(0);
}

bool Server::Loop::has_share(LaneState& lane) const {
  if (lane.refilled != turns_) {
    const auto turns = static_cast<std::int64_t>(std::min(turns_ - lane.refilled, kMostTurns));
    lane.left = std::min<Nanoseconds>(lane.left + kShare * turns, kShare);
    lane.refilled = turns_;
  }
  return lane.left.count() > 0 || lane.ran_long;  // what runs long does so beside the leader
}

bool Server::Loop::has_slot(const LaneState& lane) const {
  return running_ < options_.max_running && lane.running < lane.slots;
}

bool Server::Loop::dispatch(Connection& connection) {
  connection.make_request(options_.clock->monotonic());
  const Monotonic now = connection.request().arrival;
  charge(now);
  connection.lane = service_.lane(connection.request());
  if (connection.lane < 0 || static_cast<std::size_t>(connection.lane) >= lanes_.size()) {
    connection.response.clear();
    service_.handle(connection.request(), connection.response);
    connection.answer(connection.response, draining_.load(std::memory_order_relaxed));
    connection.reader.next();
    connection.continued = false;
    connection.served = true;
    return true;
  }
  LaneState& lane = lanes_[static_cast<std::size_t>(connection.lane)];
  ++lane.handled;
  if (!has_slot(lane) || !lane.waiting.empty() || !has_share(lane)) {
    enqueue(connection);
    return true;
  }
  charged_ = &lane;
  charged_since_ = now;
  return run_guest(connection);
}

bool Server::Loop::is_full(const LaneState& lane) const {
  const std::size_t waiting = lane.waiting.size();
  if (waiting < options_.max_queued) return false;
  return !has_slot(lane) || lane.mean * static_cast<std::int64_t>(waiting) >= options_.max_wait;
}

void Server::Loop::enqueue(Connection& connection) {
  LaneState& lane = lanes_[static_cast<std::size_t>(connection.lane)];
  if (!is_full(lane)) {
    lane.waiting.push_back(&connection);
    connection.waiting = true;
    counters_.queued.store(++queued_, std::memory_order_relaxed);
    return;
  }
  if (connection.request().arrival < connection.refused_at + kPause) {
    defer(connection);
  } else {
    answer_overloaded(connection);
  }
}

void Server::Loop::answer_overloaded(Connection& connection) {
  counters_.overloaded.fetch_add(1, std::memory_order_relaxed);
  connection.refused_at = now_;
  connection.response.clear();
  service_.overloaded(connection.request(), connection.response);
  connection.answer(connection.response, draining_.load(std::memory_order_relaxed));
  connection.reader.next();
  connection.continued = false;
}

void Server::Loop::defer(Connection& connection) {
  Monotonic due = connection.refused_at + kPause;
  if (!deferred_.empty()) due = std::max(due, deferred_.back().due + kApart);
  deferred_.push_back({&connection, due});
  connection.waiting = true;
}

// Those that are due: there may be room for them by now.
void Server::Loop::take_deferred() {
  while (!deferred_.empty() && deferred_.front().due <= now_) {
    Connection& connection = *deferred_.front().connection;
    deferred_.pop_front();
    connection.waiting = false;
    if (connection.gone) {
      close(connection);
      continue;
    }
    LaneState& lane = lanes_[static_cast<std::size_t>(connection.lane)];
    if (is_full(lane)) {
      answer_overloaded(connection);
      add_to_do(connection);
    } else {
      enqueue(connection);
    }
  }
}

// For a connection that is to be closed or refused.
void Server::Loop::stop_waiting(Connection& connection) {
  connection.waiting = false;
  if (std::erase(lanes_[static_cast<std::size_t>(connection.lane)].waiting, &connection) != 0) {
    counters_.queued.store(--queued_, std::memory_order_relaxed);
  } else {
    std::erase_if(deferred_, [&](const Deferred& each) { return each.connection == &connection; });
  }
}

bool Server::Loop::any_runnable() const {
  return queued_ > 0 && std::ranges::any_of(lanes_, [this](const LaneState& lane) {
           return !lane.waiting.empty() && has_slot(lane);
         });
}

Server::Loop::LaneState* Server::Loop::next_runnable() {
  if (queued_ == 0 || running_ >= options_.max_running) {
    return nullptr;
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    LaneState& lane = lanes_[(next_lane_ + i) % lanes_.size()];
    if (!lane.waiting.empty() && has_slot(lane) && has_share(lane)) {
      next_lane_ = (next_lane_ + i + 1) % lanes_.size();
      return &lane;
    }
  }
  return nullptr;
}

bool Server::Loop::run_waiting() {
  Monotonic now = options_.clock->monotonic();
  charge(now);
  while (LaneState* lane = next_runnable()) {
    Connection& connection = *lane->waiting.front();
    lane->waiting.pop_front();
    connection.waiting = false;
    counters_.queued.store(--queued_, std::memory_order_relaxed);
    if (connection.gone) {
      close(connection);
      continue;
    }
    add_to_do(connection);  // to continue with, once it is answered
    ++lane->handled;
    charged_ = lane;
    charged_since_ = now;
    if (!run_guest(connection)) {
      return false;
    }
    if (lane->mean >= kShort) connection.flush();  // what is left of it, do_to_do() finds
    now = options_.clock->monotonic();
    charge(now);
  }
  return true;
}

}  // namespace ferry::http
