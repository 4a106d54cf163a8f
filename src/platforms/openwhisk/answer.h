// An activation's argument → Event, and an Outcome → what /run answers. Pure apart from the clock
// and the randomness handed in.
#pragma once

#include "host/outcome.h"
#include "http/message.h"
#include "platforms/openwhisk/message.h"

namespace ferry::platforms::openwhisk {

// An argument that is a CloudEvent in the JSON format is that event; any other becomes the data of
// one of type openwhisk.activation, whose id is the activation's.
event::Event event_of(const Activation& activation, const Clock& clock, Random& random);

// A reply that is a JSON object or array goes as it is. Other bytes are wrapped as
// {"datacontenttype": …, "data" or "data_base64": …}, an event as its JSON format. A function that
// failed is an application error, 200 with {"error": problem}: any other status makes OpenWhisk
// destroy the container, and with it other activations.
void answer_outcome(const host::Outcome& outcome, const std::string& digest,
                    http::Response& response);

// {"error": message}
void answer_error(int status, std::string_view message, http::Response& response);

// The status that /run has for this outcome, wherever the reply goes.
int run_status(const host::Outcome& outcome);

}  // namespace ferry::platforms::openwhisk
