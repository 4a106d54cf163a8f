// The Host turns (function, event, limits) into an Outcome. Every verb and every platform comes
// through invoke(); nothing else runs guests.
//
// Thread-safe after load(). One Host a process, one engine a Host.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "engine/store.h"
#include "event/event.h"
#include "function/function.h"
#include "host/outcome.h"
#include "host/ticker.h"

namespace ferry::host {

// A function that is ready to be invoked: its module, its grants, its limits, its instances.
class Loaded;

struct InvokeOptions {
  std::optional<Monotonic> deadline;  // a platform's own, margin already taken off; the sooner wins
  std::optional<Monotonic> arrived;   // when the event was accepted: gives usage.queue_us
  std::string invocation;             // an id the platform gave; empty: a new UUIDv7
  std::vector<std::pair<std::string, std::string>> env;  // the platform's, beside the manifest's
  std::vector<std::string> args;  // beyond args[0], which is the function's name
};

class Host {
 public:
  // All borrowed for the Host's life.
  Host(engine::Engine& engine, const Clock& clock, Random& random);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Opens granted directories, loads the artifact. The Function's wasm bytes are not kept.
  Result<std::shared_ptr<Loaded>> load(const function::Function& function,
                                       const engine::Bundle& bundle);

  // Never throws; whatever goes wrong is in the Outcome.
  Outcome invoke(Loaded& function, const event::Event& event, const InvokeOptions& options);

  engine::Engine& engine() { return engine_; }

 private:
  struct Run;

  engine::Engine& engine_;
  const Clock& clock_;
  Random& random_;
  Ticker ticker_;
};

// What is known of a loaded function without running it.
const std::string& name_of(const Loaded& function);
const std::string& digest_of(const Loaded& function);
function::Abi abi_of(const Loaded& function);
const function::Manifest& manifest_of(const Loaded& function);

}  // namespace ferry::host
