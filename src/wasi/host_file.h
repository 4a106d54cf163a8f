// Files of the host: what the calls on descriptors and those on paths share. Private to src/wasi.
#pragma once

#include <sys/stat.h>

#include "base/file.h"
#include "wasi/functions.h"

namespace ferry::wasi {

Filetype filetype_of(mode_t mode);
GuestFilestat filestat_of(const struct stat& info);

// The times of $fstflags as utimensat takes them; INVAL for flags that contradict each other.
Errno times_of(u32 set, u64 atim, u64 mtim, timespec (&times)[2]);

// openat2 that cannot leave `dir`: no way up, no absolute path, no symlink out, no magic link.
// EXDEV means that the path would have left. -1 and errno on failure.
int open_beneath(int dir, const char* path, std::uint64_t flags, mode_t mode = 0);

// A path out of guest memory, checked (length, no NUL, UTF-8), into `out`.
Errno take_path(const S& s, Guest g, u32 at, u32 size, std::string& out);

// The directory that a path_* call starts from, with a right. Notes a denial where no directory
// was granted at all, or where `writes` and the grant is read-only. `what` names the call.
Errno need_directory(S& s, u32 fd, std::uint64_t right, std::string_view what,
                     const std::string& path, bool writes, Entry*& entry);

// The errno for a failed open_beneath, and a denial if the path would have left its directory.
Errno beneath_error(S& s, int error_number, const Entry& entry, std::string_view what,
                    const std::string& path);

// The errno for a failed find_in_tree(), likewise.
Errno tree_error(S& s, Errno error, const Entry& entry, std::string_view what,
                 const std::string& path);

// Copies what fits of one entry of a listing into the guest's buffer.
void put_part(Guest g, u32 buffer, u32 size, u32& used, const void* data, std::size_t length);

}  // namespace ferry::wasi
