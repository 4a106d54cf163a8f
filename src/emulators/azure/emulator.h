// Plays the Functions host: forwards an event over an HTTP trigger as it does with
// enableForwardingHttpRequest, which is what ferry pack deploys; and posts the messages of other
// triggers.
#pragma once

#include "emulators/emulator.h"

namespace ferry::platforms::azure {

class AzureEmulator final : public Emulator {
 public:
  // `log` may be null; else it is borrowed.
  AzureEmulator(std::unique_ptr<Wire> wire, LogTap* log, std::string name)
      : wire_(std::move(wire)), log_(log), name_(std::move(name)) {}
  Result<Answer> send(const event::Event& event) override;
  Result<Observed> observe(const event::Event& event) override;
  // {"Data", "Metadata"} of a trigger that is not forwarded; {"Outputs", "Logs", "ReturnValue"}.
  Result<Answer> send_native(std::string_view input) override;
  Result<Answer> send_request(const WireRequest& request) override;

 private:
  std::unique_ptr<Wire> wire_;
  LogTap* log_;
  std::string name_;  // of the function, which its paths begin with
};

}  // namespace ferry::platforms::azure
