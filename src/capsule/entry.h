// Entries of a file of capsules as --record writes it: bytes as they are, so that an event costs a
// server little more than their copies (docs/formats/capsule.md, "Files"). Private to src/capsule.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "capsule/capsule.h"
#include "event/event.h"

namespace ferry::capsule {

struct EventView;  // event_view.h

// The first line of such a file, and how that of any version begins.
inline constexpr std::string_view kFileHead = "ferry-capsules 3\n";
inline constexpr std::string_view kFileHeadBegin = "ferry-capsules ";

enum class EntryKind : unsigned char { kOrigin = 1, kEvent = 2 };

// Members of an event's entry that are there or not, and what is true or not.
struct EntryFlags {
  static constexpr std::uint64_t kMade = 1u << 0;  // attributes; else they are made of the request
  static constexpr std::uint64_t kData = 1u << 1;
  static constexpr std::uint64_t kRequest = 1u << 2;
  static constexpr std::uint64_t kDeadline = 1u << 3;
  static constexpr std::uint64_t kDrawsCut = 1u << 4;
  static constexpr std::uint64_t kDrewClock = 1u << 5;
  static constexpr std::uint64_t kDrewRandom = 1u << 6;
  static constexpr std::uint64_t kFiles = 1u << 7;
  static constexpr std::uint64_t kNetwork = 1u << 8;
  static constexpr std::uint64_t kLogTruncated = 1u << 9;
  static constexpr std::uint64_t kHttpAnswer = 1u << 10;
  static constexpr std::uint64_t kReplyEvent = 1u << 11;
  static constexpr std::uint64_t kInstructions = 1u << 12;
  static constexpr std::uint64_t kAll = (1u << 13) - 1;
};

// Of an event's attributes, those that need not be there.
struct AttributeFlags {
  static constexpr std::uint64_t kSubject = 1u << 0;
  static constexpr std::uint64_t kTime = 1u << 1;
  static constexpr std::uint64_t kContentType = 1u << 2;
  static constexpr std::uint64_t kSchema = 1u << 3;
  static constexpr std::uint64_t kAll = (1u << 4) - 1;
};

enum class ValueKind : unsigned char { kText, kFalse, kTrue, kNumber };

inline constexpr std::size_t kMostNumber = 10;  // bytes
// LEB128, as in WebAssembly. Returns the end of what it wrote.
inline char* put_number(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

// Bytes that are only appended to, and forgotten all at once. No more is zeroed, checked or
// allocated for a member than there must be. One thread.
class EntryBuffer {
 public:
  std::string_view view() const {
    return {room_.get(), static_cast<std::size_t>(at_ - room_.get())};
  }
  // Forgets all; and gives the room back where it is more than most events need.
  void clear();

  void number(std::uint64_t value) {
    need(kMostNumber);
    at_ = put_number(at_, value);
  }
  void signed_number(std::int64_t value) {
    need(kMostNumber);
    for (; value < -64 || value > 63; value >>= 7) *at_++ = static_cast<char>(value | 0x80);
    *at_++ = static_cast<char>(value & 0x7F);
  }
  // Their number and they themselves.
  void bytes(std::string_view value) {
    number(value.size());
    if (value.empty()) return;  // it may have no address, which memcpy() does not take
    need(value.size());
    std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
  }

 private:
  void need(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
  }
  void grow(std::size_t bytes);

  std::unique_ptr<char[]> room_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

// Appends an event's entry behind the number of its origin.
void append_event(EntryBuffer& out, const EventView& view);

// Append a whole entry. `members`: as from origin_members(). `event`: as from append_event().
void append_origin_entry(std::string& out, std::uint64_t number, std::string_view members);
void append_event_entry(std::string& out, std::uint64_t number, std::string_view event);
// Bytes of an entry that are not its members, at most.
inline constexpr std::size_t kEntryHead = 32;

// All capsules of a file that begins with kFileHeadBegin. What comes behind the last whole entry is
// left out, and `cut` then says so. The error says at which byte.
Result<std::vector<Capsule>> parse_entries(std::string_view file, bool* cut);

}  // namespace ferry::capsule
