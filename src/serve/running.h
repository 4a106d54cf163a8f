// Engine, host and functions of one process, brought up in the one way that there is.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bundle/artifact.h"
#include "capsule/store.h"
#include "host/in_service.h"
#include "host/sandbox.h"
#include "serve/change.h"
#include "serve/context.h"
#include "serve/log_file.h"
#include "serve/provider.h"

namespace ferry::serve {

// How serving goes, as the command line says.
struct Options {
  std::string listen;
  std::string admin;     // HOST:PORT; empty: none
  unsigned workers = 0;  // processes; 0: one for each core it may use
  bool pin = false;      // each on a core of its own (http/pinning.h)
  LogFormat log_format = LogFormat::kText;
  host::sandbox::Parts sandbox;  // what a worker shuts itself in with
  // Bytes that all workers together may hold for kept instances; nothing: as memory_budget() says.
  std::optional<std::uint64_t> memory_budget = std::nullopt;
  bool print_sandbox = false;     // only print what that is here
  capsule::RecordOptions record;  // which events are recorded, and where
  bool quiet = false;
  LogFile* log_file = nullptr;  // where stderr is one: opened anew on SIGHUP
  bool* was_cut = nullptr;      // set where a drain ended before all requests did
};

// What the engine is made with to run all of these.
engine::EngineOptions engine_options_for(std::span<const Listed> functions);

// With FERRY_TRACE set: what the time until a process can serve went into, as one line of JSON.
class Phases {
 public:
  void end_of(const char* phase);
  void print() const;  // on stderr

 private:
  Monotonic at_ = system_clock().monotonic();
  std::string text_;
};

struct Running {
  // What an adapter is made with; `log` null where functions' logs go nowhere. What is observed is
  // only counted, so that nobody reads logs then.
  AdapterContext context(LogWriter* log) const;

  engine::LoadedEngine engine;
  std::unique_ptr<host::Host> host;
  // Of provisional functions, where there are any.
  std::optional<engine::LoadedEngine> provisional_engine;
  std::unique_ptr<host::Host> provisional_host;
  std::vector<host::InService> functions;                  // as listed
  std::vector<std::shared_ptr<host::Recorder>> recorders;  // of each of them
  // Of which some code is read where it is first used.
  std::vector<std::shared_ptr<const bundle::Artifact>> unread;
};

// Puts a version in the place of another; one that there is none of makes a provisional one stay.
Status change_over(host::Host& host, const host::InService& place, const Listed& listed,
                   const bundle::MacKey& key, Change change);

Result<Running> bring_up(Provider& provider, std::span<const Listed> functions,
                         const engine::EngineOptions& options, const capsule::RecordOptions& record,
                         Phases& phases);

}  // namespace ferry::serve
