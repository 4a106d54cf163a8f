// Files of WASI 0.2 are those of preview 1: a descriptor refers to an open entry of its table, and
// each operation is preview 1's, with its rights, grants, quotas and denials. Private to src/wasi2.
#pragma once

#include "wasi/host_file.h"
#include "wasi2/state.h"

namespace ferry::wasi2 {

// wasi:filesystem/types error-code, by its number in the enum.
u8 file_error_of(Errno error);
// How it is named in the text of an io-error: "no-entry".
const char* file_error_name(u8 code);

// The entry of an open file; its descriptor cannot go while a resource of ours uses it.
wasi::Entry& entry_of(S& s, u32 file);

// A file that is open in preview 1's table; returns its index in State::files.
u32 add_file(S& s, u32 fd);
void use_file(S& s, u32 file);
void release_file(S& s, u32 file);

// Reads or writes at an offset. `out` points into room of ours, until the next call.
Answer read_file_at(S& s, u32 file, u64 at, u64 most, std::string_view& out);
Answer write_file_at(S& s, u32 file, u64 at, std::string_view data, u64& done);

}  // namespace ferry::wasi2
