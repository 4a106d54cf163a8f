#include "builder/trial.h"

#include <cerrno>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace ferry::builder {
namespace {

class NoNetwork final : public net::Network {
 public:
  Result<std::vector<net::Address>> resolve(const std::string& name, Monotonic /*until*/) override {
    return Error{Code::kNotFound, fmt::format("no address for {} in a trial run", name), ""};
  }
  int connect(const net::Endpoint& /*to*/, Fd& /*out*/) override { return ECONNREFUSED; }
};

}  // namespace

net::Network& no_network() {
  static NoNetwork network;
  return network;
}

Result<host::Guest> trial_guest(const function::Function& function, wasm::Record record) {
  FERRY_TRY(host::Guest guest, host::make_guest(function.name, std::move(record), function.manifest,
                                                host::Directories::kNone));
  if (function.manifest.grants.network()) {
    guest.network = std::make_unique<wasi::NetworkAccess>();
    guest.network->network = &no_network();
  }
  return guest;
}

}  // namespace ferry::builder
