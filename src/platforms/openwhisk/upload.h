// From uploaded code to a function that can be invoked. Wasm is compiled in a child process with
// limits of its own, where this program has a compiler; a bundle must be signed. Thread-safe.
#pragma once

#include "host/host.h"
#include "host/in_service.h"
#include "platforms/openwhisk/adapter.h"
#include "platforms/openwhisk/code.h"

namespace ferry::platforms::openwhisk {

struct Uploaded {
  host::InService function;
  function::Grants grants;
  // Of wasm, for improve().
  Bytes wasm = {};
  std::string manifest_text = {};
  bool provisional = false;
};

// `name` is the action's, for what has none of its own. `may_be_provisional`: large wasm may be
// answered by an interpreter until improve() has it compiled.
Result<Uploaded> load_upload(host::Host& host, Upload code, const std::string& name,
                             const AdapterOptions& options, bool may_be_provisional);

// Begins the search for better versions of it, where this program searches. To be called once the
// recorders are attached: each version takes them over from this one.
void improve(host::Host& host, const Uploaded& uploaded, const AdapterOptions& options);

}  // namespace ferry::platforms::openwhisk
