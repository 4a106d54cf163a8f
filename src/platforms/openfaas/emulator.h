// Plays of-watchdog in http mode, as it calls the function behind it: bodies in chunks, whatever
// their size.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms::openfaas {

class OpenFaasEmulator final : public Emulator {
 public:
  explicit OpenFaasEmulator(http::Service& adapter) : adapter_(adapter) {}
  Result<Answer> send(const event::Event& event) override;

 private:
  http::Service& adapter_;
};

}  // namespace ferry::platforms::openfaas
