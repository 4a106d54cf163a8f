// The Host turns (function, event, limits) into an Outcome. Every verb and every platform comes
// through invoke(); nothing else runs guests.
//
// Thread-safe. One engine a Host.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/seeded.h"
#include "bundle/bundle.h"
#include "engine/engine.h"
#include "event/event.h"
#include "function/manifest.h"
#include "host/invocation.h"
#include "host/outcome.h"
#include "host/ticker.h"
#include "reset/memory_use.h"
#include "reset/page_guard.h"
#include "wasm/binary.h"

namespace ferry::host {

// A function that is ready to be invoked: its module, its grants, its limits, its instances.
class Loaded;

// Whether instances are kept and reset to their first state between events (kept_instance.h),
// and how. It never changes an outcome, only what it costs.
struct Keeping {
  std::atomic<bool> enabled{true};
  reset::GuardKind guard = reset::GuardKind::kSignal;
  bool check = false;  // compare the whole state after each event, and abort on a difference

  Keeping() = default;
  Keeping(const Keeping& other) { *this = other; }
  Keeping& operator=(const Keeping& other) {
    enabled = other.enabled.load();
    guard = other.guard;
    check = other.check;
    return *this;
  }
};

// What a function is loaded with; from a Function, or from a bundle alone.
struct LoadOptions {
  std::string name;
  function::Manifest manifest;
  Keeping keeping;
  net::Network* network = nullptr;  // borrowed; null: the system's
  // Another version of this function, with the same grants: it gets the environment that this one
  // took from the process when it was loaded, since the process's own may have been wiped, and this
  // one's recorders.
  const Loaded* like = nullptr;
};

class Host {
 public:
  // All borrowed for the Host's life.
  Host(engine::Engine& engine, const Clock& clock, Random& random);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Opens granted directories, loads the artifact. What the host must know of the wasm is in the
  // bundle's record.
  Result<std::shared_ptr<Loaded>> load(const bundle::Bundle& bundle, const LoadOptions& options);

  // Never throws; whatever goes wrong is in the Outcome.
  Outcome invoke(Loaded& function, event::LazyEvent& event, const InvokeOptions& options);
  Outcome invoke(Loaded& function, const event::Event& event, const InvokeOptions& options) {
    event::ReadyEvent ready(event);
    return invoke(function, ready, options);
  }

  engine::Engine& engine() { return engine_; }

  // Starts the thread that ends what runs too long, which otherwise the first event does: an error
  // where none is to be had, which that event would have been refused for. Any thread.
  ferry::Status keep_deadlines();

  // Gives back the memory of functions that had no event since the last call. Any thread.
  void drop_idle();
  // Gives back what is kept and no event holds now. Any thread.
  void give_back();

  // What may be held for keeping instances: the pages that these have written, and their first
  // states. Beyond it the functions that had no event for longest give theirs back; one that alone
  // needs more gets a new instance for each event. Set before the first event.
  void limit_kept(std::uint64_t bytes) { most_kept_ = bytes; }
  std::uint64_t kept_bytes() const { return kept_->load(std::memory_order_relaxed); }

 private:
  struct Run;
  friend class Loaded;

  const reset::MemoryTotal& kept_total() const { return kept_; }
  // After an event of `last`.
  void keep_to_budget(Loaded& last) {
    if (kept_bytes() > most_kept_) shrink_kept(last);
  }
  void shrink_kept(Loaded& last);
  std::vector<std::shared_ptr<Loaded>> by_last_event();  // the longest ago first

  // Of the functions that keep instances, ends those of the half that had no event for longest.
  bool make_room();

  engine::Engine& engine_;
  const Clock& clock_;
  const SeededTime* const seeded_;  // the clock, if it is one: each event has its own time then
  Random& random_;
  Ticker ticker_;
  std::atomic<std::uint64_t> events_{0};
  const reset::MemoryTotal kept_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  std::uint64_t most_kept_ = UINT64_MAX;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Loaded>> loaded_;  // to give back what they hold when idle
};

// What is known of a loaded function without running it.
// From 1 on; another for each load() of this process.
std::uint64_t serial_of(const Loaded& function);
const std::string& name_of(const Loaded& function);
const std::string& digest_of(const Loaded& function);
wasm::Abi abi_of(const Loaded& function);
const function::Manifest& manifest_of(const Loaded& function);
// The host that loaded it, which is the one to invoke it.
Host& host_of(const Loaded& function);

}  // namespace ferry::host
