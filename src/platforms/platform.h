// A Platform is one folder under src/platforms. The adapter runs in the host and turns the
// platform's native input into Events and Outcomes into its native reply; the descriptor says how
// the platform is recognised and what it allows. Below it, emulator/ plays the platform's side,
// package/ makes what is uploaded to it, and deploy/ uploads that. docs/adding-a-platform.md says
// how to add one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "function/section.h"
#include "http/message.h"
#include "platforms/rules.h"
#include "serve/context.h"
#include "serve/delivery.h"
#include "serve/running.h"

namespace ferry::platforms {

using serve::AdapterContext;

// What answers for one platform: called over HTTP, or handed deliveries. One of the two.
struct Adapter {
  std::unique_ptr<http::Service> http;
  std::unique_ptr<serve::DeliveryHandler> deliveries;
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
  // Whether ferry-host may print which platform it found. False where the platform takes all output
  // for the log of the first event.
  virtual bool announces() const { return true; }
  // Whether each event adds to the environment of the function, as the id of an invocation.
  virtual bool environment_varies() const { return false; }
  // Its own table of ferry.toml; null where it has none.
  virtual const function::Section* section() const { return nullptr; }
  // What it allows.
  virtual const Rules& rules() const;
  // Lanes of one that is called over HTTP are the functions' indices.
  virtual Result<Adapter> make_adapter(AdapterContext context) const = 0;
};

// HOST:PORT with the port that this variable holds, or 8080 where it holds none.
std::string listen_on_port_of(const char* variable, std::string_view host, const Lookup& env);

}  // namespace ferry::platforms
