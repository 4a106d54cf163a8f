// What traces and metrics have in common on their way to a collector (OTLP/HTTP, JSON): attributes
// as text, what the sender is, and one request.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "telemetry/settings.h"

namespace ferry::telemetry {

// Attributes of a list that begins with '['; an empty text is left out. The key must need no
// escapes.
void add_text(std::string& list, std::string_view key, std::string_view value);
void add_number(std::string& list, std::string_view key, std::uint64_t value);

// "resource":{…} of a service: what it is called, and what the environment adds. `instance` may be
// empty.
std::string resource_of(const Collector& collector, std::string_view service,
                        std::string_view instance);
// "scope":{…}: this program.
std::string scope();

// One POST on a connection of its own; waits no longer than `timeout` for each step of it.
Status post(const Collector& collector, const std::string& body, std::chrono::milliseconds timeout);

}  // namespace ferry::telemetry
