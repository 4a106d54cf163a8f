#include "wasi/tree_file.h"

#include <algorithm>

#include "wasi/host_file.h"

namespace ferry::wasi {
namespace {

// 1980-01-01, the earliest that a zip archive can say: all files are as old on every machine.
constexpr u64 kTreeTime = 315'532'800'000'000'000;

const FileTree::Node& node_of(const S& s, const Entry& entry) {
  return s.setup.files->node(entry.node);
}

u64 inode_of(u32 node) { return u64{node} + 1; }  // 0 would be none

Filetype filetype_of_node(const FileTree::Node& node) {
  return node.folder ? Filetype::kDirectory : Filetype::kRegularFile;
}

}  // namespace

Errno find_in_tree(const FileTree& tree, u32 from, std::string_view path, u32& out) {
  constexpr std::size_t kMostName = 255;
  if (path.starts_with('/')) return Errno::kXdev;
  const bool wants_folder = path.ends_with('/');
  u32 depth = 0;
  out = from;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (!tree.node(out).folder) return Errno::kNotdir;
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (depth == 0) return Errno::kXdev;
      --depth;
      out = tree.node(out).parent;
      continue;
    }
    if (part.size() > kMostName) return Errno::kNametoolong;
    const auto next = tree.find(out, part);
    if (!next) return Errno::kNoent;
    ++depth;
    out = *next;
  }
  return wants_folder && !tree.node(out).folder ? Errno::kNotdir : Errno::kSuccess;
}

GuestFilestat filestat_of(const FileTree& tree, u32 node) {
  GuestFilestat out;
  out.ino = inode_of(node);
  out.filetype = static_cast<std::uint8_t>(filetype_of_node(tree.node(node)));
  out.nlink = 1;
  out.size = tree.node(node).data.size();
  out.atim = out.mtim = out.ctim = kTreeTime;
  return out;
}

Answer open_in_tree(S& s, G g, const Entry& from, u32 oflags, u64 base, u64 inheriting, u32 fdflags,
                    u32 result_at) {
  const FileTree& tree = *s.setup.files;
  u32 found = 0;
  if (Errno e = find_in_tree(tree, from.node, s.path, found); e != Errno::kSuccess) {
    return tree_error(s, e, from, "path_open", s.path);
  }
  const bool folder = tree.node(found).folder;
  if (!folder && (oflags & kOpenDirectory) != 0) return Errno::kNotdir;
  const Entry entry{.kind = folder ? Entry::Kind::kTreeFolder : Entry::Kind::kTreeFile,
                    .owned = true,
                    .read_only = true,
                    .flags = static_cast<std::uint16_t>(fdflags),
                    .node = found,
                    .base = base & (folder ? rights::kDirectory : rights::kFile),
                    .inheriting = folder ? inheriting : 0};
  g.put(result_at, s.fds.add(entry));
  return Errno::kSuccess;
}

Answer read_tree_file(S& s, Entry& entry, const std::uint64_t* offset, u32& done) {
  const std::string_view data = node_of(s, entry).data;
  u64& place = entry.place;
  u64 at = offset != nullptr ? *offset : place;
  if (at > INT64_MAX) return Errno::kInval;  // as pread(2) has it
  for (const iovec& slice : s.slices) {
    if (at >= data.size()) break;
    const std::size_t part = std::min<u64>(slice.iov_len, data.size() - at);
    std::memcpy(slice.iov_base, data.data() + at, part);
    at += part;
    done += static_cast<u32>(part);
  }
  if (offset == nullptr) place = at;
  return Errno::kSuccess;
}

Answer seek_in_tree(S& s, Entry& entry, std::int64_t delta, u32 whence, G g, u32 result_at) {
  if (!g.has(result_at, 8)) return Errno::kFault;
  const u64 from[] = {0, entry.place, node_of(s, entry).data.size()};
  std::int64_t to = 0;
  if (__builtin_add_overflow(static_cast<std::int64_t>(from[whence]), delta, &to)) {
    return Errno::kOverflow;
  }
  if (to < 0) return Errno::kInval;
  entry.place = static_cast<u64>(to);
  g.put(result_at, entry.place);
  return Errno::kSuccess;
}

// A cookie is how many entries stand before the one to begin with; "." and ".." are the first two.
Answer list_tree_folder(S& s, G g, const Entry& entry, u32 buffer, u32 size, u64 cookie,
                        u32 result_at) {
  const FileTree& tree = *s.setup.files;
  const std::vector<std::uint32_t>& children = tree.node(entry.node).children;
  if (cookie > children.size() + 2) return Errno::kInval;
  u32 used = 0;
  for (u64 i = cookie; i < children.size() + 2 && used < size; ++i) {
    const u32 node = i < 2 ? entry.node : children[i - 2];
    const std::string_view name = i == 0 ? "." : i == 1 ? ".." : tree.node(node).name;
    const GuestDirent out{.next = i + 1,
                          .ino = inode_of(node),
                          .name_size = static_cast<u32>(name.size()),
                          .filetype = static_cast<std::uint8_t>(filetype_of_node(tree.node(node)))};
    put_part(g, buffer, size, used, &out, sizeof(out));
    put_part(g, buffer, size, used, name.data(), name.size());
  }
  g.put(result_at, used);
  return Errno::kSuccess;
}

}  // namespace ferry::wasi
