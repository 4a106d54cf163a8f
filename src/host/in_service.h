// A function in service: the name by which it is called stays, and the version that runs the next
// event may change. A version replaces another where the function was compiled better, where
// a snapshot of its start-up was made in the meantime, or where its file was read again.
//
// The change is between two events: each event takes the version of the moment at which it begins
// and keeps it to its end; the last one to hold an old version frees it. Nothing waits for that.
//
// The first version may be a provisional one, on an engine that is slow and there at once: what it
// cannot answer as any engine would waits for the version that replaces it. It runs one event at a
// time: its engine is made for no more, many at once would take the core from the compiler that is
// to end this, and those that wait their turn are answered by the next version if it comes first.
//
// A handle: copies refer to the same function. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "host/host.h"

namespace ferry::host {

class InService {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): where nothing is ever replaced
  InService(std::shared_ptr<Loaded> first, bool provisional = false)
      : state_(std::make_shared<State>(std::move(first), provisional)) {}

  // Never null. To be held for as long as anything of it is used.
  std::shared_ptr<Loaded> version() const;

  // By the version of this moment, on the host that loaded it. A provisional version must be of a
  // function whose events leave no trace outside: an event may be run a second time.
  Outcome invoke(event::LazyEvent& event, const InvokeOptions& options) const;

  // From now on events run on `next`. The instances that the old version keeps for events to come
  // are given back.
  void replace(std::shared_ptr<Loaded> next) const;
  // The provisional version stays, and what it comes to is the outcome: there will be no other.
  void settle() const;

 private:
  enum class Stage : std::uint8_t {
    kProvisional,  // one event at a time
    kSettled,      // likewise
    kLast
  };
  struct State {
    State(std::shared_ptr<Loaded> first, bool provisional)
        : version(std::move(first)), stage(provisional ? Stage::kProvisional : Stage::kLast) {}
    std::mutex mutex;
    std::condition_variable changed;  // version, stage
    std::condition_variable turn;     // these, and busy
    std::shared_ptr<Loaded> version;
    Stage stage;
    bool busy = false;  // an event has the turn
  };
  enum class Turn : std::uint8_t { kTaken, kNotNeeded, kNone };  // kNone: not until then
  static Turn take_turn(State& state, std::unique_lock<std::mutex>& lock, Monotonic last);
  static Outcome run(State& state, std::unique_lock<std::mutex>& lock, Turn turn,
                     event::LazyEvent& event, const InvokeOptions& options);

  std::shared_ptr<State> state_;
};

// Whether any engine would have come to the same: the function ended by itself, and nothing was
// too slow, too deep or too much.
bool is_the_same_everywhere(const Outcome& outcome);

}  // namespace ferry::host
