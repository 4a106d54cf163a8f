// The platform's side of an exchange, played: hands events over as the platform would, over a real
// socket, to the adapter or to a real platform that has the function. For `ferry run --platform`,
// `ferry verify` and tests; never part of ferry-host.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulators/log_tap.h"
#include "emulators/observed.h"
#include "emulators/wire.h"
#include "platforms/platform.h"

namespace ferry::platforms {

// What an emulator is made with beside the adapter that it calls.
struct EmulatorOptions {
  LogTap* log = nullptr;  // what the adapter logs to; null: no logs are observed
  std::vector<function::Limits> limits = {};  // of the functions, for the platform's own front
  std::string name = "function";              // what the platform calls the function
};

// Plays the platform: hands one event over as the platform would, over a real socket. One thread
// at a time.
class Emulator {
 public:
  virtual ~Emulator() = default;
  // What the platform's caller is answered, in HTTP's terms.
  virtual Result<Answer> send(const event::Event& event) = 0;
  // The same, with the platform's own, documented shape undone: to be compared with other
  // platforms. An error is a breach of the platform's contract: the text says which.
  virtual Result<Observed> observe(const event::Event& event) = 0;
  // The platform's native input as it is, and its native answer. kUnsupported where there is
  // no way to write one down.
  virtual Result<Answer> send_native(std::string_view input);
  // A client's HTTP request, as it reaches a function on this platform, and what the client is
  // answered.
  virtual Result<Answer> send_request(const WireRequest& request) = 0;
};

// How one platform is emulated; one per platform, static.
class Emulation {
 public:
  virtual ~Emulation() = default;
  virtual const Platform& platform() const = 0;
  // `adapter` and what `options` points to are borrowed.
  virtual Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                          EmulatorOptions options) const = 0;
  // Drives a real platform, which has the function already, in the emulator's place. Nothing of
  // `wire` is known here but that it ends there. kUnsupported where that has no meaning.
  virtual Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const;
  // What of an outcome can't reach this platform's caller, whatever the adapter does: changes
  // `expected` into what is seen there, and says why in one sentence; empty when nothing is lost.
  // Every such sentence is in docs/portability.md.
  virtual std::string lose(Observed& expected) const;
};

}  // namespace ferry::platforms
