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
#include "http/message.h"
#include "platforms/log_tap.h"
#include "platforms/observed.h"
#include "platforms/rules.h"
#include "platforms/wire.h"
#include "serve/context.h"
#include "serve/running.h"

namespace ferry::platforms {

using serve::AdapterContext;

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

// How a process finds out where it runs: getenv, or a test's.
using Lookup = std::function<const char*(const char* name)>;

// An environment variable that a platform promises to set.
struct Sign {
  const char* variable = nullptr;  // null: it sets none
  // Set for a process that the platform itself starts, and not for a whole container: nearer to us
  // than another platform that runs the container.
  bool starts_us = false;
};

class Platform {
 public:
  virtual ~Platform() = default;
  virtual const char* name() const = 0;
  virtual const char* summary() const = 0;
  // How its surroundings are recognised.
  virtual Sign sign() const { return {}; }
  // Where ferry-host listens when nobody says: what the platform says, else ":8080".
  virtual std::string default_listen(const Lookup& env) const;
  // Serves the provider's functions until SIGTERM has been obeyed or the platform is gone. Once, in
  // a process that has no thread and no engine yet. As it stands: worker processes that the
  // platform calls over HTTP, each with its adapter.
  virtual Status serve(serve::Provider& provider, const serve::Options& options) const;
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

// HOST:PORT with the port that this variable holds, or 8080 where it holds none.
std::string listen_on_port_of(const char* variable, std::string_view host, const Lookup& env);

}  // namespace ferry::platforms
