// Plays Knative's broker: delivers an event as a Trigger's dispatcher does, and takes the reply as
// strictly. An event that Google's older form can carry whole goes in that, as Cloud Functions
// would send it.
#pragma once

#include "emulators/emulator.h"

namespace ferry::platforms::knative {

class KnativeEmulator final : public Emulator {
 public:
  // `log` may be null; else it is borrowed.
  KnativeEmulator(std::unique_ptr<Wire> wire, LogTap* log) : wire_(std::move(wire)), log_(log) {}
  Result<Answer> send(const event::Event& event) override;
  Result<Observed> observe(const event::Event& event) override;
  // A request as text (parse_request); or, where it begins with {, an event of Google's as it was
  // before CloudEvents, as Cloud Functions posts it.
  Result<Answer> send_native(std::string_view input) override;
  Result<Answer> send_request(const WireRequest& request) override;

 private:
  std::unique_ptr<Wire> wire_;
  LogTap* log_;
};

// What a caller gets of a broker's answer: a reply that the adapter made an event of is itself
// again. An error when the broker would take the answer for a fault.
Result<Answer> unwrapped(Answer answer);

}  // namespace ferry::platforms::knative
