// How this module words a broken rule: the attribute, what is wrong, the section that says so.
// Internal to src/event.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::event {

inline constexpr std::string_view kNaming = "CloudEvents 1.0.2, Naming Conventions";
inline constexpr std::string_view kTypeSystem = "CloudEvents 1.0.2, Type System";
inline constexpr std::string_view kRequired = "CloudEvents 1.0.2, REQUIRED Attributes";
inline constexpr std::string_view kOptional = "CloudEvents 1.0.2, OPTIONAL Attributes";
inline constexpr std::string_view kJsonTypes = "CloudEvents JSON format 1.0.2, 2.2";
inline constexpr std::string_view kJsonEnvelope = "CloudEvents JSON format 1.0.2, 3";
inline constexpr std::string_view kJsonData = "CloudEvents JSON format 1.0.2, 3.1.1";
inline constexpr std::string_view kJsonDataReading = "CloudEvents JSON format 1.0.2, 3.1.2";
inline constexpr std::string_view kJsonBatch = "CloudEvents JSON format 1.0.2, 4";
inline constexpr std::string_view kHttpData = "CloudEvents HTTP binding 1.0.2, 2.2";
inline constexpr std::string_view kHttpContentType = "CloudEvents HTTP binding 1.0.2, 3.1.1";
inline constexpr std::string_view kHttpNames = "CloudEvents HTTP binding 1.0.2, 3.1.3.1";
inline constexpr std::string_view kHttpValues = "CloudEvents HTTP binding 1.0.2, 3.1.3.2";
inline constexpr std::string_view kHttpStructured = "CloudEvents HTTP binding 1.0.2, 3.2.1";
inline constexpr std::string_view kHttpModes = "CloudEvents HTTP binding 1.0.2, 3";

// "attribute 'id' is empty (CloudEvents 1.0.2, REQUIRED Attributes)". Names from outside are cut
// short and stripped of what a terminal or a log must not see.
Error broken_rule(std::string_view attribute, std::string_view what, std::string_view section);

// Bytes from outside, fit for a message: at most 60 of them, "?" for what isn't printable ASCII.
std::string printable(std::string_view text);

// Whether these bytes are a String of the type system: well-formed UTF-8 without control
// characters and noncharacters. Null when they are, else what they are not.
const char* why_not_string(std::string_view text);

bool is_core_attribute(std::string_view name);

// Whether data are of the content type they are declared to be, where that is JSON.
Status check_data(std::string_view data, std::string_view content_type);

// Only "1.0" is spoken here; empty means missing.
Status check_specversion(std::string_view version);

}  // namespace ferry::event
