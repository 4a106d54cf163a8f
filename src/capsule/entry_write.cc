#include <algorithm>
#include <cmath>

#include "capsule/entry.h"
#include "capsule/line.h"

namespace ferry::capsule {
namespace {

constexpr std::size_t kFirstRoom = 4096;
constexpr std::size_t kMostKeptRoom = 1u << 20;

// What is written of an event, wherever it stands.
struct EventView {
  WallTime recorded;
  Nanoseconds since_arrival{0};
  std::string_view invocation;
  const event::Event* event = nullptr;  // null: made of the request
  std::optional<std::string_view> data = {};
  std::optional<event::PlainHttp> request = {};
  const std::vector<std::string>& args;
  const Pairs& variables;
  const std::vector<std::string>& redacted;
  const host::Draws& draws;
  std::optional<std::int64_t> deadline = {};
  std::uint64_t flags = 0;  // kDrewClock, kDrewRandom, kFiles, kNetwork
  std::string_view denied = {};
  std::string_view status;
  std::string_view reply_event = {};
  int http_status = 0;             // 0: the reply is none of HTTP
  const Pairs* headers = nullptr;  // with that status
};

void append_texts(EntryBuffer& out, const std::vector<std::string>& values) {
  out.number(values.size());
  for (const std::string& value : values) out.bytes(value);
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

// `seen`: a Seen, or the Outcome that one is made of.
void append_outcome(EntryBuffer& out, const EventView& view, const auto& seen,
                    std::string_view content_type, std::string_view data) {
  out.bytes(view.status);
  out.signed_number(seen.exit_code);
  out.bytes(seen.message);
  out.bytes(seen.hint);
  out.bytes(seen.backtrace);
  out.bytes(content_type);
  out.bytes(data);
  if (!view.reply_event.empty()) out.bytes(view.reply_event);
  if (view.headers != nullptr) {
    out.signed_number(view.http_status);
    append_pairs(out, *view.headers);
  }
  out.number(seen.logs.size());
  for (const host::LogLine& line : seen.logs) {
    out.signed_number(
        difference(line.time.time_since_epoch().count(), view.recorded.time_since_epoch().count()));
    out.bytes(line.text);
  }
  const host::Usage& usage = seen.usage;
  for (const double each :
       {usage.queue_us, usage.instantiate_us, usage.run_us, usage.teardown_us}) {
    out.number(tenths(each));
  }
  out.number(usage.memory_bytes);
  if (usage.instructions) out.number(*usage.instructions);
}

void append(EntryBuffer& out, const EventView& view, const auto& seen,
            std::string_view content_type, std::string_view data) {
  using Flags = EntryFlags;
  out.number(view.flags | (view.event != nullptr ? Flags::kMade : 0) |
             (view.data ? Flags::kData : 0) | (view.request ? Flags::kRequest : 0) |
             (view.deadline ? Flags::kDeadline : 0) | (view.draws.cut ? Flags::kDrawsCut : 0) |
             (seen.log_truncated ? Flags::kLogTruncated : 0) |
             (view.headers != nullptr ? Flags::kHttpAnswer : 0) |
             (!view.reply_event.empty() ? Flags::kReplyEvent : 0) |
             (seen.usage.instructions ? Flags::kInstructions : 0));
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
  append_texts(out, view.args);
  append_pairs(out, view.variables);
  append_texts(out, view.redacted);
  if (view.deadline) out.signed_number(*view.deadline);
  append_readings(out, view.draws.wall, recorded);
  append_readings(out, view.draws.monotonic, view.deadline.value_or(0));
  out.bytes(view.draws.random);
  out.bytes(view.denied);
  append_outcome(out, view, seen, content_type, data);
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

void append_event(EntryBuffer& out, const host::Recorded& recorded) {
  using Flags = EntryFlags;
  static const std::vector<std::string> kNothing;
  const host::Outcome& outcome = recorded.outcome;
  const host::Reply& reply = outcome.reply;
  const host::Witness& witness = recorded.witness;
  const wasi::Drawn& drawn = witness.drawn;
  EventView view{.recorded = system_clock().wall(),
                 .invocation = outcome.invocation,
                 .args = recorded.options.args,
                 .variables = recorded.options.env,
                 .redacted = kNothing,
                 .draws = recorded.draws,
                 .flags = (drawn.clock ? Flags::kDrewClock : 0) |
                          (drawn.random ? Flags::kDrewRandom : 0) |
                          (drawn.files ? Flags::kFiles : 0) | (drawn.network ? Flags::kNetwork : 0),
                 .status = host::status_row(outcome.status).name};
  if (recorded.event.is_made()) view.event = &recorded.event.whole();
  view.data = recorded.event.data();
  if (view.event != nullptr && view.event->data) view.data = *view.event->data;
  view.request = recorded.event.http();
  if (outcome.ended && recorded.options.arrived) {
    view.since_arrival = *outcome.ended - *recorded.options.arrived;
  }
  if (witness.deadline) {
    view.deadline = Nanoseconds(witness.deadline->time_since_epoch()).count();
  }
  if (witness.denial) view.denied = witness.denial->message;
  std::string reply_event;
  if (reply.event) reply_event = reply_event_text(*reply.event);
  view.reply_event = reply_event;
  if (reply.http) {
    view.http_status = reply.http->status;
    view.headers = &reply.http->headers;
  }
  append(out, view, outcome, reply.content_type, reply.data);
}

void append_event(EntryBuffer& out, const Capsule& capsule) {
  using Flags = EntryFlags;
  const Seen& seen = capsule.result;
  const auto has = [](const std::vector<std::string>& names, std::string_view name,
                      std::uint64_t flag) {
    return std::ranges::find(names, name) != names.end() ? flag : 0;
  };
  const auto recorded = from_rfc3339(capsule.recorded);
  EventView view{.recorded = recorded.ok() ? *recorded : WallTime{},
                 .invocation = capsule.invocation,
                 .event = &capsule.event,
                 .data = capsule.event.data,
                 .args = capsule.args,
                 .variables = capsule.variables,
                 .redacted = capsule.redacted,
                 .draws = capsule.draws,
                 .deadline = capsule.deadline,
                 .flags = has(capsule.drew, "clock", Flags::kDrewClock) |
                          has(capsule.drew, "random", Flags::kDrewRandom) |
                          has(capsule.outside, "files", Flags::kFiles) |
                          has(capsule.outside, "network", Flags::kNetwork),
                 .denied = capsule.denied,
                 .status = seen.status,
                 .reply_event = seen.reply_event};
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  if (capsule.request) {
    const HttpRequest& request = *capsule.request;
    headers.assign(request.headers.begin(), request.headers.end());
    view.request =
        event::PlainHttp{request.scheme, request.method, request.authority, request.path, headers};
  }
  if (seen.http) {
    view.http_status = seen.http->status;
    view.headers = &seen.http->headers;
  }
  append(out, view, seen, seen.content_type, seen.data);
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
