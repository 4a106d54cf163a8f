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

namespace ferry::platforms {

// What an adapter is made with. All references outlive it; it is used by many threads at once.
struct AdapterContext {
  host::Host& host;
  std::vector<std::shared_ptr<host::Loaded>> functions;
  const Clock& clock;
  Random& random;
  LogWriter* log = nullptr;  // where functions' log lines go; null: nowhere
  // Told of each outcome: the function's index, and the time since the request was read.
  std::function<void(std::size_t function, const host::Outcome& outcome, Nanoseconds took)>
      observe = [](std::size_t, const host::Outcome&, Nanoseconds) {};
};

// What the platform's side was answered, in HTTP's terms.
struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // lower-case names
  std::string body;
};

// Plays the platform: hands one event over as the platform would. One thread at a time.
class Emulator {
 public:
  virtual ~Emulator() = default;
  virtual Result<Answer> send(const event::Event& event) = 0;
};

class Platform {
 public:
  virtual ~Platform() = default;
  virtual const char* name() const = 0;
  virtual const char* summary() const = 0;
  // The adapter of a platform that calls us over HTTP. Lanes are the functions' indices.
  virtual Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const = 0;
  // `adapter` is borrowed.
  virtual Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter) const = 0;
};

}  // namespace ferry::platforms
