// What the functions on descriptors and those on paths below them share. Private to src/wasi2.
#pragma once

#include "wasi2/files.h"

namespace ferry::wasi2 {

// Of descriptor-flags, what an opening asks for.
namespace descriptor_flags {
inline constexpr u8 kRead = 1 << 0;
inline constexpr u8 kWrite = 1 << 1;
}  // namespace descriptor_flags

// descriptor-type, of preview 1's $filetype.
u8 descriptor_type_of(u8 filetype);

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

}  // namespace ferry::wasi2
