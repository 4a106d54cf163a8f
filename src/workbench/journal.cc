#include "workbench/journal.h"

#include <boost/json.hpp>

namespace ferry::workbench {
namespace {

namespace json = boost::json;

std::string extension(const event::Event& event, std::string_view name) {
  const auto found = event.extensions.find(name);
  return found == event.extensions.end() ? "" : event::to_string(found->second);
}

std::string summary_of(const capsule::Capsule& capsule, std::uint64_t number,
                       std::string_view via) {
  const host::Usage& usage = capsule.result.usage;
  json::object out{{"number", number},
                   {"time", capsule.recorded},
                   {"via", via},
                   {"type", capsule.event.type},
                   {"id", capsule.event.id},
                   {"method", extension(capsule.event, "httpmethod")},
                   {"subject", capsule.event.subject.value_or("")},
                   {"status", capsule.result.status},
                   {"message", capsule.result.message},
                   {"queue_us", usage.queue_us},
                   {"instantiate_us", usage.instantiate_us},
                   {"run_us", usage.run_us},
                   {"teardown_us", usage.teardown_us},
                   {"memory_bytes", usage.memory_bytes},
                   {"instructions", nullptr},
                   {"input_bytes", capsule.event.data ? capsule.event.data->size() : 0},
                   {"output_bytes", capsule.result.data.size()},
                   {"log_lines", capsule.result.logs.size()},
                   {"denied", capsule.denied},
                   {"digest", capsule.digest}};
  if (usage.instructions) out["instructions"] = *usage.instructions;
  return json::serialize(out);
}

}  // namespace

void Journal::add(std::string line, std::string_view via) {
  const auto capsule = capsule::parse_capsule(line);
  if (!capsule.ok()) return;
  const std::uint64_t number = next_++;
  entries_.push_back({number, std::move(line), summary_of(*capsule, number, via)});
  bytes_ += entries_.back().line.size();
  while (entries_.size() > kMostEvents || (bytes_ > kMostBytes && entries_.size() > 1)) {
    bytes_ -= entries_.front().line.size();
    entries_.pop_front();
  }
}

std::string Journal::list(std::uint64_t after) const {
  std::string out = "{\"events\":[";
  bool first = true;
  for (const Entry& entry : entries_) {
    if (entry.number <= after) continue;
    if (!first) out += ',';
    first = false;
    out += entry.summary;
  }
  const std::uint64_t oldest = entries_.empty() ? next_ : entries_.front().number;
  return out + "],\"first\":" + std::to_string(oldest) + "}";
}

const std::string* Journal::find(std::uint64_t number) const {
  for (const Entry& entry : entries_) {
    if (entry.number == number) return &entry.line;
  }
  return nullptr;
}

}  // namespace ferry::workbench
