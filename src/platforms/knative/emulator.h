// Plays Knative's broker: delivers an event as a Trigger's dispatcher does, and takes the reply as
// strictly. An event that Google's older form can carry whole goes in that, as Cloud Functions
// would send it.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms::knative {

class KnativeEmulator final : public Emulator {
 public:
  explicit KnativeEmulator(http::Service& adapter) : adapter_(adapter) {}
  Result<Answer> send(const event::Event& event) override;

 private:
  http::Service& adapter_;
};

// What a caller gets of a broker's answer: a reply that the adapter made an event of is itself
// again. An error when the broker would take the answer for a fault.
Result<Answer> unwrapped(Answer answer);

}  // namespace ferry::platforms::knative
