// The calls on what a FileTree holds. Private to src/wasi.
#pragma once

#include "wasi/file_tree.h"
#include "wasi/functions.h"

namespace ferry::wasi {

// As the kernel finds a path beneath a folder: kXdev where it leads out of it, NOENT, NOTDIR,
// NAMETOOLONG.
Errno find_in_tree(const FileTree& tree, u32 from, std::string_view path, u32& out);

GuestFilestat filestat_of(const FileTree& tree, u32 node);

// path_open below an entry of Kind::kTreeFolder: reads alone get here.
Answer open_in_tree(S& s, G g, const Entry& from, u32 oflags, u64 base, u64 inheriting, u32 fdflags,
                    u32 result_at);

// As read_file() of transfer.h.
Answer read_tree_file(S& s, Entry& entry, const std::uint64_t* offset, u32& done);
Answer seek_in_tree(S& s, Entry& entry, std::int64_t delta, u32 whence, G g, u32 result_at);
Answer list_tree_folder(S& s, G g, const Entry& entry, u32 buffer, u32 size, u64 cookie,
                        u32 result_at);

}  // namespace ferry::wasi
