// Better versions of the function that comes over the wire after this process has begun to serve
// (OpenWhisk's /init):
//
//   this process ──fork──▶ one that waits for the function, then searches (Provider::find_better)
//        ▲                         │
//        └──ChangeReceiver: InService::replace ◀──Change
//
// The other process ends with this one. Where it ends before, what is served stays as it is.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/host.h"
#include "host/in_service.h"
#include "serve/change.h"
#include "serve/improver.h"
#include "serve/provider.h"
#include "serve/side_process.h"

namespace ferry::serve {

// What the other process reads the function from.
struct UploadedWasm {
  std::string name;
  std::string manifest;  // ferry.toml's text; empty: none
  ByteView wasm;         // borrowed
};

class UploadImprover {
 public:
  // Forks where the provider improves uploads: before this process has a thread or an engine.
  // `engine`: what the engine of functions that come is made with. `tells`: what was found is said
  // on stderr.
  static Result<std::unique_ptr<UploadImprover>> make(Provider& provider,
                                                      const engine::EngineOptions& engine,
                                                      bool tells);
  UploadImprover(const UploadImprover&) = delete;
  UploadImprover& operator=(const UploadImprover&) = delete;

  // For an engine that needs no compiler, which answers until begin() has brought compiled code.
  // An error: it is to be compiled first. Lives as long as this.
  Result<std::shared_ptr<host::Loaded>> load_provisional(const function::Function& function);

  // None comes that could be improved: the other process ends.
  void stop() { channel_.reset(); }

  // Once: from now on `place`, whose versions `host` loads, gets what is found. The host outlives
  // this. `provisional`: what load_provisional() gave is in the place.
  Status begin(const UploadedWasm& upload, const function::Manifest& manifest, host::Host& host,
               const host::InService& place, bool provisional);

 private:
  UploadImprover(Provider& provider, const engine::EngineOptions& engine, bool tells)
      : provider_(provider), engine_(engine), tells_(tells) {}
  void take(const Listed& listed, host::Host& host, const host::InService& place, Change change);

  Provider& provider_;
  const engine::EngineOptions engine_;
  const bool tells_;
  bundle::MacKey key_;
  std::optional<engine::LoadedEngine> quick_engine_;
  std::unique_ptr<host::Host> quick_host_;
  SideProcess process_;
  Fd channel_;  // to and from the other process
  std::unique_ptr<ChangeReceiver> receiver_;
};

}  // namespace ferry::serve
