// Plays of-watchdog in http mode, as it calls the function behind it: bodies in chunks, whatever
// their size.
#pragma once

#include "emulators/emulator.h"

namespace ferry::platforms::openfaas {

class OpenFaasEmulator final : public Emulator {
 public:
  // `log` may be null; else it is borrowed.
  OpenFaasEmulator(std::unique_ptr<Wire> wire, LogTap* log) : wire_(std::move(wire)), log_(log) {}
  Result<Answer> send(const event::Event& event) override;
  Result<Observed> observe(const event::Event& event) override;
  // A request as text (parse_request).
  Result<Answer> send_native(std::string_view input) override;
  Result<Answer> send_request(const WireRequest& request) override;

 private:
  std::unique_ptr<Wire> wire_;
  LogTap* log_;
};

}  // namespace ferry::platforms::openfaas
