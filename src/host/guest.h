// What is the same for every invocation of one function: what it is called, what is known of its
// bytes, what it was granted, and how its ABI is driven.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "function/manifest.h"
#include "host/network_access.h"
#include "wasi/context.h"
#include "wasi2/session.h"
#include "wasm/record.h"

namespace ferry::host {

class GuestAbi;

// Constant once made; shared by all threads.
struct Guest {
  std::string name;
  wasm::Record record;
  function::Manifest manifest;
  const GuestAbi* abi = nullptr;             // never null in a guest from make_guest(); static
  std::vector<std::string> environ;          // from the manifest, "KEY=value"
  std::vector<wasi::Directory> directories;  // from the manifest, opened
  // From the manifest; null: no connection is granted, or this is a trial run.
  std::unique_ptr<wasi::NetworkAccess> network;
  std::vector<wasi2::LeftHandle> left;  // of the record, checked
  Mask mask;                            // what its logs must not show

  engine::InstanceLimits instance_limits() const {
    return {manifest.limits.memory, manifest.limits.instructions};
  }
};

enum class Directories : bool {
  kOpen,  // the granted directories
  kNone,  // a trial run, which must not touch the user's files
};

// kUnsupported for an ABI that the host does not drive; the error of the directory that could not
// be opened.
Result<Guest> make_guest(std::string name, wasm::Record record, function::Manifest manifest,
                         Directories directories);

}  // namespace ferry::host
