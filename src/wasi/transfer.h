// Moving bytes between the guest and its stdio or its files: between what State::slices lists and
// memory of ours or the kernel. Private to src/wasi and src/wasi2.
#pragma once

#include "wasi/functions.h"

namespace ferry::wasi {

// Each moves at most what s.slices holds, and counts what it moved in `done`.
Answer read_stdin(S& s, u32& done);
// `offset` null: at the file's own place, and moves it.
Answer read_file(S& s, int fd, const std::uint64_t* offset, u32& done);
// The same for any open file, one of the tree too.
Answer read_entry(S& s, Entry& entry, const std::uint64_t* offset, u32& done);
Answer write_file(S& s, int fd, const std::uint64_t* offset, u32& done);
// All of it or, at the bound, as much as fits and the end of the guest.
Answer write_stdout(S& s, u32& done);
// What is past the bound is dropped and counted; a log must not fail a function.
Answer write_stderr(S& s, u32& done);

}  // namespace ferry::wasi
