// The JSON format on arbitrary bytes. What is read must be valid and must survive being written;
// and our scanner must agree with another JSON parser on what is JSON.
#include <cstdlib>
#include <string_view>

#include <boost/json.hpp>

#include "event/json.h"
#include "event/json_text.h"

namespace {

using ferry::event::Event;

void must(bool condition) {
  if (!condition) std::abort();
}

// Boost.JSON refuses unpaired surrogate escapes and deep nesting earlier than we do, never later;
// so its yes must be ours, and our yes, where neither is about, must be its.
void compare(std::string_view text) {
  bool ours = ferry::event::check_json(text).ok();
  boost::json::parse_options options;
  options.max_depth = ferry::event::kMaxJsonDepth;
  boost::system::error_code code;
  boost::json::stream_parser parser({}, options);
  parser.write(text.data(), text.size(), code);
  if (!code) parser.finish(code);
  if (!code) must(ours);
  bool excused = text.find("\\u") != std::string_view::npos ||
                 code == boost::json::error::exponent_overflow ||
                 code == boost::json::error::too_deep;
  if (code && !excused) must(!ours);
}

void round_trip(const Event& event) {
  must(ferry::event::validate(event).ok());
  must(ferry::event::validate_data(event).ok());
  auto text = ferry::event::to_json(event);
  must(text.ok());
  auto again = ferry::event::from_json(*text);
  must(again.ok() && *again == event);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  compare(text);
  if (auto event = ferry::event::from_json(text); event.ok()) round_trip(*event);
  if (auto events = ferry::event::from_json_batch(text); events.ok()) {
    for (const Event& event : *events) round_trip(event);
    auto again = ferry::event::from_json_batch(*ferry::event::to_json_batch(*events));
    must(again.ok() && *again == *events);
  }
  return 0;
}
