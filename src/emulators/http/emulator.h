// Plays an HTTP caller, with a front of ours or any other server.
#pragma once

#include "emulators/emulator.h"

namespace ferry::platforms {

class HttpEmulator final : public Emulator {
 public:
  // `log` may be null; else it is borrowed.
  HttpEmulator(std::unique_ptr<Wire> wire, LogTap* log) : wire_(std::move(wire)), log_(log) {}
  Result<Answer> send(const event::Event& event) override;
  Result<Observed> observe(const event::Event& event) override;
  // A request as text (parse_request).
  Result<Answer> send_native(std::string_view input) override;
  Result<Answer> send_request(const WireRequest& request) override;

 private:
  std::unique_ptr<Wire> wire_;
  LogTap* log_;
};

}  // namespace ferry::platforms
