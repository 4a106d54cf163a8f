// The JSON event format (CloudEvents JSON format 1.0.2), one event or a batch, both directions.
//
// Strict: an event that comes out of here passed validate(). Bytes of a JSON payload are those of
// the sender, digit for digit. A byte order mark before the text is skipped (RFC 8259, 8.1). Errors
// are kInvalid and name the attribute and the section. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace ferry::event {

inline constexpr std::string_view kJsonMediaType = "application/cloudevents+json";
inline constexpr std::string_view kJsonBatchMediaType = "application/cloudevents-batch+json";

// Bounds of ours, so that a small body can't become a big heap.
inline constexpr std::size_t kMaxExtensions = 1000;
inline constexpr std::size_t kMaxBatch = 10'000;

// `data` without datacontenttype is JSON by definition (3.1.2), so it comes out with
// datacontenttype application/json; `data_base64` without one stays without.
Result<Event> from_json(std::string_view text);
// Section 4; an empty array is an empty batch. The error names the event by its index, from 0.
Result<std::vector<Event>> from_json_batch(std::string_view text);

// A JSON payload goes into `data` as it is, text in UTF-8 as a string, all else (and data without
// datacontenttype) into `data_base64`. Fails when the event is not valid, or says JSON and isn't.
Result<std::string> to_json(const Event& event);
// The attributes alone, of an event that is valid; else what comes out is not one.
void append_attributes(std::string& out, const Event& event);
Result<std::string> to_json_batch(std::span<const Event> events);

}  // namespace ferry::event
