// A Platform is one folder under src/platforms with up to three parts: the adapter, which runs in
// the host and turns the platform's native input into Events and Outcomes into its native reply;
// the emulator, which plays the platform's side; the package, which is what is uploaded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "host/host.h"
#include "http/message.h"
#include "platforms/log.h"
#include "platforms/log_tap.h"
#include "platforms/observed.h"
#include "platforms/rules.h"
#include "platforms/wire.h"

namespace ferry::platforms {

// What an adapter is made with. All references outlive it; it is used by many threads at once.
struct AdapterContext {
  host::Host& host;
  std::vector<std::shared_ptr<host::Loaded>> functions;
  const Clock& clock;
  Random& random;
  LogWriter* log = nullptr;  // where functions' log lines go; null: nowhere
  // The process's own streams, for platforms that read those (with `log` null: nothing is written).
  int out = 1;
  int err = 2;
  // Told of each outcome: the function's index, and the time since the request was read.
  std::function<void(std::size_t function, const host::Outcome& outcome, Nanoseconds took)>
      observe = [](std::size_t, const host::Outcome&, Nanoseconds) {};
  // False: nobody reads what single events log, neither from `log` nor from observed outcomes.
  bool reads_logs = true;
};

// What an emulator is made with beside the adapter that it calls.
struct EmulatorOptions {
  LogTap* log = nullptr;  // what the adapter logs to; null: no logs are observed
  std::vector<function::Limits> limits = {};  // of the functions, for the platform's own front
};

// Plays the platform: hands one event over as the platform would, over a real socket. One thread
// at a time.
class Emulator {
 public:
  virtual ~Emulator() = default;
  // What the platform's caller is answered, in HTTP's terms.
  virtual Result<Answer> send(const event::Event& event) = 0;
  // The same, with the platform's own, documented shape undone: to be held against other
  // platforms. An error is a breach of the platform's contract: the text says which.
  virtual Result<Observed> observe(const event::Event& event) = 0;
  // The platform's native input as it stands, and its native answer. kUnsupported where there is
  // no way to write one down.
  virtual Result<Answer> send_native(std::string_view input);
};

class Platform {
 public:
  virtual ~Platform() = default;
  virtual const char* name() const = 0;
  virtual const char* summary() const = 0;
  // What it allows.
  virtual const Rules& rules() const;
  // The adapter of a platform that calls us over HTTP. Lanes are the functions' indices.
  virtual Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const = 0;
  // `adapter` and what `options` points to are borrowed.
  virtual Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter,
                                                          EmulatorOptions options) const = 0;
  // Drives a real platform, which has the function already, in the emulator's place. Nothing of
  // `wire` is known here but that it ends there. kUnsupported where that has no meaning.
  virtual Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const;
  // What of an outcome can't reach this platform's caller, whoever the adapter is: changes
  // `expected` into what is seen there, and says why in one sentence; empty when nothing is lost.
  // Every such sentence is in docs/portability.md.
  virtual std::string lose(Observed& expected) const;
};

}  // namespace ferry::platforms
