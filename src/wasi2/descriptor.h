// What the functions on descriptors and those on paths below them share. Private to src/wasi2.
#pragma once

#include <optional>
#include <string>

#include "wasi2/files.h"

namespace ferry::wasi2 {

// Of descriptor-flags, what an opening asks for.
namespace descriptor_flags {
inline constexpr u8 kRead = 1 << 0;
inline constexpr u8 kWrite = 1 << 1;
inline constexpr u8 kMutate = 1 << 5;  // mutate-directory
}  // namespace descriptor_flags

// descriptor-type, of preview 1's $filetype.
u8 descriptor_type_of(u8 filetype);

// WASI 0.3 has the functions of 0.2 with other results: an error-code and a descriptor-type are
// variants with a text in their last case, of 16 bytes. The functions here put 0.2's form; where
// State::wasi03 is set, these put 0.3's: the result's size is another, and errors and types lie
// at least 4 bytes from its beginning.
bool begin_file(S& s, G g, u32 ret, u32 size, u32 alignment);
inline u32 at_least(const S& s, u32 offset) { return s.wasi03 && offset < 4 ? 4 : offset; }
// error-code, and the case of descriptor-type, as the generation numbers them.
u8 error_code_of(const S& s, Errno error);
u8 type_of(const S& s, u8 filetype);

// The error case of a result that began: its error-code, at `offset`. Nothing for kSuccess.
void put_file_result(S& s, Errno error, u32 offset);
// result<descriptor-stat, error-code>, of 104 bytes.
void put_stat(S& s, const wasi::GuestFilestat& stat);
// result<metadata-hash-value, error-code>, of 24 bytes.
void put_hash(S& s, const wasi::GuestFilestat& stat);

// new-timestamp, flattened.
struct NewTime {
  u32 which = 0;  // no-change, now, timestamp
  u64 seconds = 0;
  u32 nanoseconds = 0;
};
// Both as preview 1 takes them.
struct Times {
  u32 set = 0;
  u64 atim = 0;
  u64 mtim = 0;
  bool valid = true;  // both fit in 64 bits of nanoseconds
};
bool get_times(S& s, const NewTime& atim, const NewTime& mtim, Times& out);

// Memory of ours in guest memory's place, zeroed, for calls of preview 1.
G scratch(S& s, u32 size);
Errno stat_of(S& s, u32 file, wasi::GuestFilestat& out);

// The next entry of a listing, without "." and ".."; nothing at its end, and where `error` is set.
struct DirectoryEntry {
  u8 filetype = 0;
  std::string name;
};
std::optional<DirectoryEntry> next_entry(S& s, DirectoryStream& stream, Errno& error);

}  // namespace ferry::wasi2
