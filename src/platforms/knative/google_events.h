// Google's events as they were before CloudEvents ("background events": {"data", "context"}, and
// what Pub/Sub pushes) ↔ CloudEvents. The tables are those of Google's functions frameworks, held
// against two of them in tests/knative. Pure; fuzzed by tests/knative/google_events_fuzz.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"

namespace ferry::platforms::knative {

// The CloudEvent of a body that is such an event. Nothing when it is none, is of a type that the
// tables don't have, or breaks their rules: it then stays what it is, and nothing of it is lost.
// `path` is the request's: a Pub/Sub subscription may name its topic there.
std::optional<event::Event> from_background(std::string_view body, std::string_view path);

// The older form of an event whose type the tables have: {"context":{…},"data":…}. kUnsupported
// for all others.
Result<std::string> to_background(const event::Event& event);

}  // namespace ferry::platforms::knative
