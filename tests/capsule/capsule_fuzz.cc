// Capsules from strangers: whatever is read is written and read again as the same.
#include <cstdlib>

#include "capsule/capsule.h"
#include "capsule/entry.h"
#include "capsule/event_view.h"
#include "capsule/line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  bool cut = false;
  const auto all = capsule::parse_capsules(text, "fuzz", &cut);
  if (!all.ok()) return 0;
  for (const capsule::Capsule& each : *all) {
    const auto line = capsule::to_line(each);
    if (!line.ok()) continue;
    const auto again = capsule::parse_capsule(*line);
    if (!again.ok()) std::abort();
    const auto second = capsule::to_line(*again);
    if (!second.ok() || *second != *line) std::abort();
    if (!capsule::differences(each.result, again->result, true).empty()) std::abort();
    // The same as entries.
    std::string file(capsule::kFileHead);
    capsule::EntryBuffer event;
    capsule::append_event(event, capsule::EventView(*again));
    capsule::append_origin_entry(file, 1, capsule::origin_members(*again));
    capsule::append_event_entry(file, 1, event.view());
    const auto entries = capsule::parse_capsules(file, "fuzz", &cut);
    if (!entries.ok() || cut || entries->size() != 1) std::abort();
    if (!capsule::differences(each.result, entries->front().result, true).empty()) std::abort();
  }
  return 0;
}
