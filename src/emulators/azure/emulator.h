// Plays the Functions host: forwards an event over an HTTP trigger as it does with
// enableForwardingHttpRequest, which is what ferry pack deploys; and posts the messages of other
// triggers.
#pragma once

#include "emulators/emulator.h"

namespace ferry::platforms::azure {

class AzureEmulator final : public Emulator {
 public:
  // `log` may be null; else it is borrowed.
  AzureEmulator(std::unique_ptr<Wire> wire, LogTap* log) : wire_(std::move(wire)), log_(log) {}
  Result<Answer> send(const event::Event& event) override;
  Result<Observed> observe(const event::Event& event) override;
  // {"Data", "Metadata"} of a trigger that is not forwarded; {"Outputs", "Logs", "ReturnValue"}.
  Result<Answer> send_native(std::string_view input) override;

 private:
  std::unique_ptr<Wire> wire_;
  LogTap* log_;
};

}  // namespace ferry::platforms::azure
