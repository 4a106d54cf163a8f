// args_*, environ_*: two lists of strings, given to the guest in the same way.
#include "wasi/functions.h"

namespace ferry::wasi {
namespace {

// Both sizes must fit in 32 bits; the host bounds its lists far below, so the sum cannot wrap.
std::uint64_t bytes_of(const std::vector<std::string>& list) {
  std::uint64_t bytes = 0;
  for (const std::string& text : list) bytes += text.size() + 1;
  return bytes;
}

Answer put_sizes(Guest g, const std::vector<std::string>& list, u32 count_at, u32 bytes_at) {
  std::uint64_t bytes = bytes_of(list);
  if (bytes > UINT32_MAX) return Errno::kOverflow;
  if (!g.has(count_at, 4) || !g.has(bytes_at, 4)) return Errno::kFault;
  g.put(count_at, static_cast<u32>(list.size()));
  g.put(bytes_at, static_cast<u32>(bytes));
  return Errno::kSuccess;
}

Answer put_list(Guest g, const std::vector<std::string>& list, u32 pointers, u32 buffer) {
  std::uint64_t bytes = bytes_of(list);
  if (bytes > UINT32_MAX) return Errno::kOverflow;
  if (!g.has(pointers, 4 * std::uint64_t{list.size()}) || !g.has(buffer, bytes)) {
    return Errno::kFault;
  }
  for (const std::string& text : list) {
    g.put(pointers, buffer);
    g.put_bytes(buffer, text.c_str(), text.size() + 1);
    pointers += 4;
    buffer += static_cast<u32>(text.size() + 1);
  }
  return Errno::kSuccess;
}

}  // namespace

const Lists& lists_of(S& s) {
  if (s.setup.tell != nullptr) {
    s.setup.lists = s.setup.tell(s.setup.tell_from);
    s.setup.tell = nullptr;
  }
  return s.setup.lists;
}

Answer args_get(S& s, G g, u32 argv, u32 buffer) {
  s.drawn.args = true;
  return put_list(g, lists_of(s).args, argv, buffer);
}

Answer args_sizes_get(S& s, G g, u32 count_at, u32 bytes_at) {
  s.drawn.args = true;
  return put_sizes(g, lists_of(s).args, count_at, bytes_at);
}

Answer environ_get(S& s, G g, u32 environ, u32 buffer) {
  s.drawn.environ = true;
  return put_list(g, lists_of(s).environ, environ, buffer);
}

Answer environ_sizes_get(S& s, G g, u32 count_at, u32 bytes_at) {
  s.drawn.environ = true;
  return put_sizes(g, lists_of(s).environ, count_at, bytes_at);
}

}  // namespace ferry::wasi
