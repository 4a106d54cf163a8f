#include "host/loaded.h"

#include "host/host.h"

namespace ferry::host {

std::unique_ptr<wasi::Context> Loaded::take_context(const Clock& clock, Random& random) {
  {
    std::lock_guard lock(mutex_);
    if (!contexts_.empty()) {
      auto context = std::move(contexts_.back());
      contexts_.pop_back();
      return context;
    }
  }
  return std::make_unique<wasi::Context>(clock, random);
}

void Loaded::give_back(std::unique_ptr<wasi::Context> context) {
  std::lock_guard lock(mutex_);
  contexts_.push_back(std::move(context));
}

const std::string& name_of(const Loaded& function) { return function.name; }
const std::string& digest_of(const Loaded& function) { return function.digest; }
function::Abi abi_of(const Loaded& function) { return function.abi; }
const function::Manifest& manifest_of(const Loaded& function) { return function.manifest; }

}  // namespace ferry::host
