// A function that is ready to be invoked; private to src/host.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "function/function.h"
#include "wasi/context.h"

namespace ferry::host {

// Thread-safe: what invocations share is either constant or behind the mutex.
class Loaded {
 public:
  std::string name;
  std::string digest;
  function::Abi abi = function::Abi::kNone;
  bool has_initialize = false;
  bool has_start = false;  // a start section, which preparation made an export
  function::Manifest manifest;
  std::unique_ptr<engine::Module> module;
  std::vector<wasi::Directory> directories;
  std::vector<std::string> environ;  // from the manifest, "KEY=value"

  // A context keeps its buffers from event to event; one is made only when all are in use.
  std::unique_ptr<wasi::Context> take_context(const Clock& clock, Random& random);
  void give_back(std::unique_ptr<wasi::Context> context);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<wasi::Context>> contexts_;
};

}  // namespace ferry::host
