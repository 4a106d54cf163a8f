// Invocations as they happen, for those that store them (module capsule), and ones whose guest
// sees another clock and other randomness than the host's.
#pragma once

#include <memory>
#include <optional>

#include "event/event.h"
#include "host/draws.h"
#include "host/host.h"
#include "host/invocation.h"
#include "host/outcome.h"
#include "wasi/context.h"

namespace ferry::host {

// What a guest of one invocation sees in place of the host's clock and randomness, and what was
// seen of the guest. Borrowed by the invocation.
struct Witness {
  const Clock& clock;
  Random& random;
  // Of the guest's blocking calls, on `clock`; nothing: the host's own, which is then put here.
  std::optional<Monotonic> deadline = {};
  // Filled when the guest has ended.
  wasi::Drawn drawn = {};
  std::optional<Error> denial = {};  // the last thing refused for lack of a grant
};

// All borrowed for the length of the call.
struct Recorded {
  const Loaded& function;
  const engine::Info& engine;
  event::LazyEvent& event;
  const InvokeOptions& options;
  const Outcome& outcome;  // its logs are there where anybody's wish was kAll
  const Draws& draws;
  const Witness& witness;
};

class Recorder {
 public:
  virtual ~Recorder() = default;
  // Asked before each invocation: what of it is wanted. Less costs less.
  enum class Wish : unsigned char {
    kNothing,
    kUsage,  // the outcome without its logs; `draws` and `witness` tell nothing
    kAll,
  };
  virtual Wish wish() { return Wish::kAll; }
  // After the invocation, on its thread; by many threads at once. Must not fail the event.
  virtual void record(const Recorded& recorded) = 0;
};

// From now on each invocation of this function is shown to it, beside those that were there before.
// Before the first event. Shared by all functions of a process, which go in no order.
void add_recorder(Loaded& function, std::shared_ptr<Recorder> recorder);

// As Host::invoke, with that witness. For functions without a recorder; one thread a function.
Outcome invoke_with(Host& host, Loaded& function, event::LazyEvent& event,
                    const InvokeOptions& options, Witness& witness);

}  // namespace ferry::host
