// Trigger data → events. Which trigger it is nobody says: its metadata tell. The mapping is ours
// except for Event Grid's, which is Microsoft's ("CloudEvents v1.0 schema with Azure Event Grid");
// docs/azure.md has it in prose. Pure apart from the clock and the randomness handed in.
#pragma once

#include "base/clock.h"
#include "event/event.h"
#include "platforms/azure/message.h"

namespace ferry::platforms::azure {

struct Trigger {
  std::string function;    // name on the platform
  std::string invocation;  // the host's id; may be empty
};

// Always an event, and a valid one: what can't be used of the metadata is left out. Data that is
// a CloudEvent is that event.
event::Event event_of(const Message& message, const Trigger& trigger, const Clock& clock,
                      Random& random);

}  // namespace ferry::platforms::azure
