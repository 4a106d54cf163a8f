#include <algorithm>
#include <cmath>

#include "capsule/entry.h"
#include "capsule/event_view.h"

namespace ferry::capsule {
namespace {

constexpr std::size_t kFirstRoom = 4096;
constexpr std::size_t kMostKeptRoom = 1u << 20;

void append_texts(EntryBuffer& out, const auto& values) {
  out.number(values.size());
  for (const std::string_view value : values) out.bytes(value);
}

void append_pairs(EntryBuffer& out, const auto& pairs) {
  out.number(pairs.size());
  for (const auto& [name, value] : pairs) {
    out.bytes(name);
    out.bytes(value);
  }
}

void append_attributes(EntryBuffer& out, const event::Event& event) {
  using Flags = AttributeFlags;
  out.bytes(event.id);
  out.bytes(event.source);
  out.bytes(event.type);
  out.number((event.subject ? Flags::kSubject : 0) | (event.time ? Flags::kTime : 0) |
             (event.datacontenttype ? Flags::kContentType : 0) |
             (event.dataschema ? Flags::kSchema : 0));
  for (const auto* each :
       {&event.subject, &event.time, &event.datacontenttype, &event.dataschema}) {
    if (*each) out.bytes(**each);
  }
  out.number(event.extensions.size());
  for (const auto& [name, value] : event.extensions) {
    out.bytes(name);
    if (const auto* text = std::get_if<std::string>(&value)) {
      out.number(static_cast<std::uint64_t>(ValueKind::kText));
      out.bytes(*text);
    } else if (const auto* number = std::get_if<std::int32_t>(&value)) {
      out.number(static_cast<std::uint64_t>(ValueKind::kNumber));
      out.signed_number(*number);
    } else {
      out.number(
          static_cast<std::uint64_t>(std::get<bool>(value) ? ValueKind::kTrue : ValueKind::kFalse));
    }
  }
}

// Of two readings of a clock it is small. Wraps around where they are that far apart.
std::int64_t difference(std::int64_t later, std::int64_t earlier) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(later) -
                                   static_cast<std::uint64_t>(earlier));
}

// Each as its difference to the one before.
void append_readings(EntryBuffer& out, const std::vector<std::int64_t>& readings,
                     std::int64_t before) {
  out.number(readings.size());
  for (const std::int64_t each : readings) {
    out.signed_number(difference(each, before));
    before = each;
  }
}

std::uint64_t tenths(double microseconds) {
  return microseconds > 0 ? static_cast<std::uint64_t>(std::llround(microseconds * 10)) : 0;
}

void append_outcome(EntryBuffer& out, const EventView& view) {
  out.bytes(view.status);
  out.signed_number(view.exit_code);
  for (const std::string_view each :
       {view.message, view.hint, view.backtrace, view.content_type, view.reply}) {
    out.bytes(each);
  }
  if (!view.reply_event.empty()) out.bytes(view.reply_event);
  if (view.headers != nullptr) {
    out.signed_number(view.http_status);
    append_pairs(out, *view.headers);
  }
  out.number(view.logs->size());
  for (const host::LogLine& line : *view.logs) {
    out.signed_number(
        difference(line.time.time_since_epoch().count(), view.recorded.time_since_epoch().count()));
    out.bytes(line.text);
  }
  const host::Usage& usage = *view.usage;
  for (const double each :
       {usage.queue_us, usage.instantiate_us, usage.run_us, usage.teardown_us}) {
    out.number(tenths(each));
  }
  out.number(usage.memory_bytes);
  if (usage.instructions) out.number(*usage.instructions);
}

void append_head(std::string& out, EntryKind kind, std::uint64_t number, std::size_t size) {
  char head[5 + kMostNumber];
  head[4] = static_cast<char>(kind);
  const char* const end = put_number(head + 5, number);
  const std::size_t length = static_cast<std::size_t>(end - (head + 4)) + size;
  for (unsigned i = 0; i < 4; ++i) head[i] = static_cast<char>(length >> (8 * i));
  out.append(head, static_cast<std::size_t>(end - head));
}

}  // namespace

void EntryBuffer::clear() {
  if (static_cast<std::size_t>(end_ - room_.get()) > kMostKeptRoom) {
    room_.reset();
    end_ = nullptr;
  }
  at_ = room_.get();
}

void EntryBuffer::grow(std::size_t bytes) {
  const std::size_t used = view().size();
  const std::size_t size =
      std::max({kFirstRoom, 2 * static_cast<std::size_t>(end_ - room_.get()), used + bytes});
  auto room = std::make_unique_for_overwrite<char[]>(size);
  std::copy_n(room_.get(), used, room.get());
  room_ = std::move(room);
  at_ = room_.get() + used;
  end_ = room_.get() + size;
}

void append_event(EntryBuffer& out, const EventView& view) {
  using Flags = EntryFlags;
  out.number(view.flags | (view.event != nullptr ? Flags::kMade : 0) |
             (view.data ? Flags::kData : 0) | (view.request ? Flags::kRequest : 0) |
             (view.deadline ? Flags::kDeadline : 0) | (view.draws->cut ? Flags::kDrawsCut : 0) |
             (view.log_truncated ? Flags::kLogTruncated : 0) |
             (view.headers != nullptr ? Flags::kHttpAnswer : 0) |
             (!view.reply_event.empty() ? Flags::kReplyEvent : 0) |
             (view.usage->instructions ? Flags::kInstructions : 0));
  const std::int64_t recorded = view.recorded.time_since_epoch().count();
  out.signed_number(recorded);
  out.signed_number(view.since_arrival.count());
  out.bytes(view.invocation);
  if (view.event != nullptr) append_attributes(out, *view.event);
  if (view.data) out.bytes(*view.data);
  if (view.request) {
    for (const std::string_view each :
         {view.request->scheme, view.request->method, view.request->authority,
          view.request->path_with_query, view.request->mount}) {
      out.bytes(each);
    }
    append_pairs(out, view.request->headers);
  }
  append_texts(out, *view.args);
  append_pairs(out, *view.variables);
  append_texts(out, view.redacted);
  if (view.deadline) out.signed_number(*view.deadline);
  append_readings(out, view.draws->wall, recorded);
  append_readings(out, view.draws->monotonic, view.deadline.value_or(0));
  out.bytes(view.draws->random);
  out.bytes(view.denied);
  append_outcome(out, view);
}

void append_origin_entry(std::string& out, std::uint64_t number, std::string_view members) {
  append_head(out, EntryKind::kOrigin, number, members.size() + 2);
  out.append("{").append(members).append("}");
}

void append_event_entry(std::string& out, std::uint64_t number, std::string_view event) {
  append_head(out, EntryKind::kEvent, number, event.size());
  out += event;
}

}  // namespace ferry::capsule
