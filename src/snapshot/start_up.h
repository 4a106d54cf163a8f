// Runs a module's start-up on an engine, with our WASI, under a clock and a randomness of its own;
// for snapshot/snapshot.cc alone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "snapshot/snapshot.h"
#include "wasm/binary.h"
#include "wasm/prepare.h"

namespace ferry::snapshot {

Error no_snapshot(std::string message, std::string hint = "");

// A lowered component: its modules' start functions run before its entry, as one start section.
bool is_component(const wasm::Binary& binary);

// Ticks the engine while a start-up runs, so that one that never ends is ended.
class Ticking {
 public:
  explicit Ticking(engine::Engine& engine);
  ~Ticking();
  Ticking(const Ticking&) = delete;
  Ticking& operator=(const Ticking&) = delete;
  const Status& started() const { return started_; }  // an error: nothing ticks

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
  Status started_ = Done{};
};

// The same at each run: a package made twice is to be the same, byte for byte. It advances by a
// microsecond at each reading, and sleeping takes no time.
class StartClock final : public Clock {
 public:
  explicit StartClock(std::chrono::hours later = {}) : passed_(later) {}
  WallTime wall() const override;
  Monotonic monotonic() const override;
  void sleep_until(Monotonic until) const override;

 private:
  mutable Nanoseconds passed_;
};

// Forwards to another source, and keeps what that gave.
class RecordingRandom final : public Random {
 public:
  explicit RecordingRandom(Random& from) : from_(from) {}
  void fill(std::span<std::uint8_t> bytes) override;
  std::size_t calls() const { return calls_; }
  const Bytes& first() const { return first_; }

 private:
  static constexpr std::size_t kMost = 4096;
  Random& from_;
  std::size_t calls_ = 0;
  Bytes first_;  // of the first call, as far as kMost
};

// A module that is ready to be started any number of times.
struct Startable {
  wasm::Binary binary;
  wasm::CodeFacts facts;
  std::unique_ptr<engine::Module> module;
};
Result<Startable> make_startable(engine::Engine& engine, const CompilePrepared& compile,
                                 ByteView wasm);

// One start of it.
struct StartUp {
  std::unique_ptr<StartClock> clock;
  std::unique_ptr<RecordingRandom> random;
  std::unique_ptr<wasi::Context> context;
  std::unique_ptr<engine::Instance> instance;
  Monotonic deadline;
  Bytes before;                        // the memory before anything ran, where that is asked for
  wasi::Drawn earlier;                 // what was drawn before the context was last reset
  bool kept_open = false;              // the last warm event left files open
  std::vector<wasm::LeftHandle> left;  // of WASI 0.2, held now

  // kUnsupported when the start-up wrote to too few pages.
  Status check_worth(std::size_t least_pages) const;
  // From the first instruction on.
  wasi::Drawn drawn() const;
  // Notes what handles the guest holds, which it finds again at its next event. kUnsupported where
  // one is valid for its event alone. `when`: words for that.
  Status keep_handles(std::string_view when);
  Result<engine::End> warm(const WarmEvent& event, const SnapshotOptions& options);
  engine::End call(std::string_view name) { return instance->call(name, *context, deadline); }
  // Bits by global index, as far as `binary` has mutable ones of numbers.
  std::vector<std::uint64_t> globals(const wasm::Binary& binary);
};
// `second`: under another clock.
Result<StartUp> start_up(const Startable& what, const SnapshotOptions& options, Random& random,
                         bool second = false);

}  // namespace ferry::snapshot
