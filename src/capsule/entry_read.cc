#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "base/seeded.h"
#include "capsule/entry.h"
#include "capsule/line.h"
#include "event/http.h"
#include "wasm/reader.h"

namespace ferry::capsule {
namespace {

using EntryReader = wasm::Reader;

constexpr std::uint32_t kMostEntries = 100'000;  // of any list in it

std::string text_of(EntryReader& reader) {
  const auto size = reader.u64();
  if (size > reader.left()) {
    reader.fail("a text is longer than what is left of its entry");
    return {};
  }
  return std::string(as_text(reader.bytes(static_cast<std::size_t>(size))));
}

std::string readable_text(EntryReader& reader) { return readable(text_of(reader)); }

std::vector<std::string> read_texts(EntryReader& reader) {
  std::vector<std::string> out;
  for (auto left = reader.count("list", kMostEntries); left > 0 && reader.ok(); --left) {
    out.push_back(readable_text(reader));
  }
  return out;
}

Pairs read_pairs(EntryReader& reader) {
  Pairs out;
  for (auto left = reader.count("list", kMostEntries); left > 0 && reader.ok(); --left) {
    std::string name = readable_text(reader);
    out.emplace_back(std::move(name), readable_text(reader));
  }
  return out;
}

// Wraps around, as it was written.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::vector<std::int64_t> read_readings(EntryReader& reader, std::int64_t before) {
  std::vector<std::int64_t> out;
  for (auto left = reader.count("readings", kMostEntries); left > 0 && reader.ok(); --left) {
    out.push_back(before = sum(before, reader.s64()));
  }
  return out;
}

void read_extension(EntryReader& reader, event::Event& out) {
  std::string name = text_of(reader);
  event::Value value;
  switch (static_cast<ValueKind>(reader.byte())) {
    case ValueKind::kText:
      value = text_of(reader);
      break;
    case ValueKind::kFalse:
      value = false;
      break;
    case ValueKind::kTrue:
      value = true;
      break;
    case ValueKind::kNumber:
      value = reader.s32();
      break;
    default:
      reader.fail("an attribute is of no kind that there is");
      return;
  }
  out.extensions.insert_or_assign(std::move(name), std::move(value));
}

event::Event read_attributes(EntryReader& reader) {
  using Flags = AttributeFlags;
  event::Event out;
  out.id = text_of(reader);
  out.source = text_of(reader);
  out.type = text_of(reader);
  const std::uint64_t flags = reader.u64();
  if ((flags & ~Flags::kAll) != 0) reader.fail("an event has attributes of a later version");
  if ((flags & Flags::kSubject) != 0) out.subject = text_of(reader);
  if ((flags & Flags::kTime) != 0) out.time = text_of(reader);
  if ((flags & Flags::kContentType) != 0) out.datacontenttype = text_of(reader);
  if ((flags & Flags::kSchema) != 0) out.dataschema = text_of(reader);
  for (auto left = reader.count("attributes", kMostEntries); left > 0 && reader.ok(); --left) {
    read_extension(reader, out);
  }
  return out;
}

// The time at which a request came.
class ArrivalClock final : public Clock {
 public:
  explicit ArrivalClock(WallTime at) : at_(at) {}
  WallTime wall() const override { return at_; }
  Monotonic monotonic() const override { return {}; }
  void sleep_until(Monotonic /*until*/) const override {}

 private:
  const WallTime at_;
};

// The attributes that nobody asked for while the function ran; each time the same.
Result<event::Event> make_event(const HttpRequest& request, std::string_view mount,
                                const std::optional<std::string>& data, WallTime arrived) {
  event::HttpRequest again;
  again.scheme = request.scheme;
  again.method = request.method;
  again.mount = mount;
  // The absolute form, so that its authority is that of the request, whatever its headers say.
  std::string target = request.path;
  if (!request.authority.empty() && target.starts_with('/')) {
    target = request.scheme + "://" + request.authority + target;
  }
  again.target = target;
  const std::vector<event::HeaderView> headers(request.headers.begin(), request.headers.end());
  again.headers = headers;
  again.body = data.value_or("");
  const ArrivalClock clock(arrived);
  SeededRandom random(static_cast<std::uint64_t>(arrived.time_since_epoch().count()));
  event::PlainRequest plain(std::move(again), clock, random);
  FERRY_CHECK_OK(plain.check());
  return plain.whole();
}

void read_outcome(EntryReader& reader, std::uint64_t flags, WallTime recorded, Seen& out) {
  using Flags = EntryFlags;
  out.status = readable_text(reader);
  out.exit_code = reader.s32();
  out.message = readable_text(reader);
  out.hint = readable_text(reader);
  out.backtrace = readable_text(reader);
  out.content_type = readable_text(reader);
  out.data = text_of(reader);
  if ((flags & Flags::kReplyEvent) != 0) {
    auto event = same_reply_event(text_of(reader));
    if (!event) reader.fail("the reply's event is not one JSON object");
    out.reply_event = std::move(event).value_or("");
  }
  if ((flags & Flags::kHttpAnswer) != 0) {
    const std::int32_t status = reader.s32();
    if (status < 100 || status > 999) reader.fail("the answer's status is not one of HTTP");
    out.http = HttpAnswer{status, read_pairs(reader)};
  }
  for (auto left = reader.count("log lines", kMostEntries); left > 0 && reader.ok(); --left) {
    const std::int64_t at = sum(recorded.time_since_epoch().count(), reader.s64());
    out.logs.push_back({WallTime(Nanoseconds(at)), readable_text(reader)});
  }
  out.log_truncated = (flags & Flags::kLogTruncated) != 0;
  host::Usage& usage = out.usage;
  for (double* each : {&usage.queue_us, &usage.instantiate_us, &usage.run_us, &usage.teardown_us}) {
    *each = static_cast<double>(std::min(reader.u64(), kMostTenths)) / 10;
  }
  constexpr auto kMostCount = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  usage.memory_bytes = std::min(reader.u64(), kMostCount);
  if ((flags & Flags::kInstructions) != 0) {
    usage.instructions = std::min(reader.u64(), kMostCount);
  }
}

// Members that the flags say are there, and lists that follow from them.
Result<Capsule> read_event(EntryReader& reader, const Origin& origin) {
  using Flags = EntryFlags;
  Capsule out;
  static_cast<Origin&>(out) = origin;
  const std::uint64_t flags = reader.u64();
  if ((flags & ~Flags::kAll) != 0) reader.fail("it has members of a later version");
  const WallTime recorded{Nanoseconds(reader.s64())};
  const WallTime arrived{Nanoseconds(
      sum(recorded.time_since_epoch().count(), sum(0, -std::max<std::int64_t>(reader.s64(), 0))))};
  out.recorded = to_rfc3339(recorded);
  out.invocation = readable_text(reader);
  const bool made = (flags & Flags::kMade) != 0;
  if (made) out.event = read_attributes(reader);
  std::optional<std::string> data;
  if ((flags & Flags::kData) != 0) data = text_of(reader);
  std::string mount;
  if ((flags & Flags::kRequest) != 0) {
    HttpRequest& request = out.request.emplace();
    request.scheme = readable_text(reader);
    request.method = readable_text(reader);
    request.authority = readable_text(reader);
    request.path = readable_text(reader);
    mount = readable_text(reader);
    request.headers = read_pairs(reader);
  }
  out.args = read_texts(reader);
  out.variables = read_pairs(reader);
  out.redacted = read_texts(reader);
  if ((flags & Flags::kDeadline) != 0) out.deadline = reader.s64();
  out.draws.wall = read_readings(reader, recorded.time_since_epoch().count());
  out.draws.monotonic = read_readings(reader, out.deadline.value_or(0));
  out.draws.random = text_of(reader);
  out.draws.cut = (flags & Flags::kDrawsCut) != 0;
  if ((flags & Flags::kDrewClock) != 0) out.drew.emplace_back("clock");
  if ((flags & Flags::kDrewRandom) != 0) out.drew.emplace_back("random");
  if ((flags & Flags::kFiles) != 0) out.outside.emplace_back("files");
  if ((flags & Flags::kNetwork) != 0) out.outside.emplace_back("network");
  out.denied = readable_text(reader);
  read_outcome(reader, flags, recorded, out.result);
  if (reader.ok() && !reader.done()) reader.fail("an entry is longer than what is in it");
  if (!made && reader.ok()) {
    if (!out.request) {
      reader.fail("an event has neither attributes nor a request");
      return reader.error();
    }
    FERRY_TRY(out.event, make_event(*out.request, mount, data, arrived));
  }
  if (!reader.ok()) return reader.error();
  out.event.data = std::move(data);
  FERRY_CHECK_OK(event::validate(out.event));
  return out;
}

class Entries {
 public:
  explicit Entries(std::vector<Capsule>& out) : out_(out) {}

  // `entry`: without its length; `at`: where it is in the file.
  Status read(std::string_view entry, std::size_t at) {
    EntryReader reader(as_bytes(entry), at);
    const auto kind = static_cast<EntryKind>(reader.byte());
    const std::uint64_t number = reader.u64();
    if (!reader.ok()) return reader.error();
    if (kind == EntryKind::kOrigin) {
      FERRY_TRY(auto origin, parse_origin(entry.substr(reader.position())));
      origins_.insert_or_assign(number, std::move(origin));
      return Done{};
    }
    if (kind != EntryKind::kEvent) {
      return Error{Code::kInvalid,
                   fmt::format("at offset {}: an entry is of no kind that there is", at), ""};
    }
    const auto origin = origins_.find(number);
    if (origin == origins_.end()) {
      return Error{Code::kInvalid,
                   fmt::format("at offset {}: no entry before it has its origin, {}", at, number),
                   ""};
    }
    FERRY_TRY(auto capsule, read_event(reader, origin->second));
    out_.push_back(std::move(capsule));
    return Done{};
  }

 private:
  std::vector<Capsule>& out_;
  std::map<std::uint64_t, Origin> origins_;
};

}  // namespace

Result<std::vector<Capsule>> parse_entries(std::string_view file, bool* cut) {
  if (!file.starts_with(kFileHead)) {
    std::string_view version = file.substr(0, std::min<std::size_t>(file.find('\n'), 40));
    version.remove_prefix(kFileHeadBegin.size());
    return Error{Code::kUnsupported,
                 fmt::format("capsules of version {}; this ferry reads versions 1 to {}",
                             readable(version), kVersion),
                 "use the ferry that recorded them, or a newer one"};
  }
  std::vector<Capsule> out;
  Entries entries(out);
  std::size_t at = kFileHead.size();
  *cut = false;
  while (at < file.size()) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4 && at + i < file.size(); ++i) {
      size |= static_cast<std::size_t>(static_cast<unsigned char>(file[at + i])) << (8 * i);
    }
    // Zeros are what a file system may have behind what was written when the power failed.
    *cut = file.size() - at < 4 || size == 0 || size > file.size() - at - 4;
    if (*cut) break;
    if (size > kMostLine) {
      return Error{Code::kLimit, fmt::format("a capsule has at most {} bytes", kMostLine), ""};
    }
    FERRY_CHECK_OK(entries.read(file.substr(at + 4, size), at + 4));
    at += 4 + size;
  }
  return out;
}

}  // namespace ferry::capsule
