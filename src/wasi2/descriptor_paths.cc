// wasi:filesystem: operations on paths below a descriptor. Each function gives preview 1's
// call its paths in memory of ours, where that call checks them as it does any guest's.
#include "wasi2/calls.h"
#include "wasi2/descriptor.h"

namespace ferry::wasi2 {
namespace {

namespace rights = wasi::rights;

// Paths of a call, in scratch memory: the first at 0, the second behind it, the result behind both.
class Paths {
 public:
  // Trapped where one is not a string; `second` may be absent.
  Paths(S& s, G g, u32 first, u32 first_length) : room_(nothing()) {
    valid_ = get_text(s, g, first, first_length, s.text);
    s.second_text.clear();
    if (valid_) place(s);
  }
  Paths(S& s, G g, u32 first, u32 first_length, u32 second, u32 second_length) : room_(nothing()) {
    valid_ = get_text(s, g, first, first_length, s.text) &&
             get_text(s, g, second, second_length, s.second_text);
    if (valid_) place(s);
  }

  bool valid() const { return valid_; }
  G room() const { return room_; }
  u32 first() const { return 0; }
  u32 first_size() const { return first_size_; }
  u32 second() const { return first_size_; }
  u32 second_size() const { return second_size_; }
  u32 result() const { return result_; }

  static constexpr u32 kResultBytes = 8192;  // a symlink's text

 private:
  static G nothing() { return G({}); }
  void place(S& s) {
    first_size_ = static_cast<u32>(s.text.size());
    second_size_ = static_cast<u32>(s.second_text.size());
    result_ = (first_size_ + second_size_ + 7) & ~7u;
    room_ = scratch(s, result_ + kResultBytes);
    room_.put_bytes(0, s.text.data(), first_size_);
    room_.put_bytes(first_size_, s.second_text.data(), second_size_);
  }

  G room_;
  bool valid_ = false;
  u32 first_size_ = 0;
  u32 second_size_ = 0;
  u32 result_ = 0;
};

// The descriptor of preview 1 behind a handle; nothing, and the guest ended, where it is none.
std::optional<u32> fd_of(S& s, u32 handle) {
  const Descriptor* descriptor = need<Descriptor>(s, handle);
  if (descriptor == nullptr) return std::nullopt;
  return s.files[descriptor->file].fd;
}

// Whether what lies below a folder may be changed through this descriptor: 0.3's folders are opened
// for that (mutate-directory). In 0.2 toolchains open them without it and hosts do not look at it,
// so that the grant alone decides.
Errno may_change(S& s, u32 handle) {
  const Descriptor* descriptor = need<Descriptor>(s, handle);
  const bool refused = s.wasi03 && descriptor != nullptr && !descriptor->mutates;
  return refused ? Errno::kRofs : Errno::kSuccess;
}

// A call of preview 1 that takes a descriptor and a path alone, and changes what is there.
void act(S& s, G g, u32 self, u32 path, u32 length, u32 ret,
         Answer (*call)(wasi::S&, wasi::G, u32, u32, u32)) {
  const auto fd = fd_of(s, self);
  if (!fd) return;
  const Paths paths(s, g, path, length);
  if (!paths.valid() || !begin_file(s, g, ret, 2, 1)) return;
  const Errno refused = may_change(s, self);
  if (refused != Errno::kSuccess) return put_file_result(s, refused, 1);
  put_file_result(s, call(s.p1, paths.room(), *fd, paths.first(), paths.first_size()).error, 1);
}

Errno stat_at(S& s, G g, u32 fd, u32 flags, const Paths& paths, wasi::GuestFilestat& out) {
  (void)g;
  const Answer answer =
      wasi::path_filestat_get(s.p1, paths.room(), fd, flags & wasi::kSymlinkFollow, paths.first(),
                              paths.first_size(), paths.result());
  paths.room().get(paths.result(), out);
  return answer.error;
}

// The rights that open-flags and descriptor-flags ask for: what is created may be written.
u64 rights_of(u32 open_flags, u32 flags) {
  constexpr u64 kWrites = rights::kFdWrite | rights::kFdAllocate | rights::kFdFilestatSetSize;
  u64 out = rights::kAll & ~(kWrites | rights::kFdRead);
  if ((flags & descriptor_flags::kRead) != 0 || (flags & descriptor_flags::kWrite) == 0)
    out |= rights::kFdRead;
  const bool creates = (open_flags & wasi::kOpenCreat) != 0;
  if (creates || (flags & descriptor_flags::kWrite) != 0) out |= kWrites;
  return out;
}

u32 fdflags_of(u32 flags) {
  u32 out = 0;
  if ((flags & 1 << 2) != 0) out |= wasi::kFdSync;
  if ((flags & 1 << 3) != 0) out |= wasi::kFdDsync;
  if ((flags & 1 << 4) != 0) out |= wasi::kFdRsync;
  return out;
}

}  // namespace

void descriptor_open_at(S& s, G g, u32 self, u32 path_flags, u32 path, u32 length, u32 open_flags,
                        u32 flags, u32 ret) {
  const auto fd = fd_of(s, self);
  if (!fd) return;
  const Paths paths(s, g, path, length);
  if (!paths.valid() || !begin_file(s, g, ret, 8, 4)) return;
  constexpr u32 kChanges = descriptor_flags::kWrite | descriptor_flags::kMutate;
  if ((open_flags & (wasi::kOpenCreat | wasi::kOpenTrunc)) != 0 || (flags & kChanges) != 0) {
    const Errno refused = may_change(s, self);
    if (refused != Errno::kSuccess) return put_file_result(s, refused, 4);
  }
  // open-flags are $oflags by the same bits.
  const Answer answer =
      wasi::path_open(s.p1, paths.room(), *fd, path_flags & wasi::kSymlinkFollow, paths.first(),
                      paths.first_size(), open_flags & wasi::kOpenAll, rights_of(open_flags, flags),
                      rights::kAll, fdflags_of(flags), paths.result());
  if (answer.error != Errno::kSuccess) return put_file_result(s, answer.error, 4);
  u32 opened = 0;
  paths.room().get(paths.result(), opened);
  s.results.put(4,
                make(s, Descriptor{add_file(s, opened), (flags & descriptor_flags::kMutate) != 0}));
}

void descriptor_create_directory_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret) {
  act(s, g, self, path, length, ret, wasi::path_create_directory);
}

void descriptor_stat_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 ret) {
  const auto fd = fd_of(s, self);
  if (!fd) return;
  const Paths paths(s, g, path, length);
  if (!paths.valid() || !begin_file(s, g, ret, 104, 8)) return;
  wasi::GuestFilestat stat;
  const Errno error = stat_at(s, g, *fd, flags, paths, stat);
  if (error != Errno::kSuccess) return put_file_result(s, error, 8);
  put_stat(s, stat);
}

void descriptor_set_times_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 atim_case,
                             u64 atim, u32 atim_nanos, u32 mtim_case, u64 mtim, u32 mtim_nanos,
                             u32 ret) {
  const auto fd = fd_of(s, self);
  Times times;
  if (!fd || !get_times(s, {atim_case, atim, atim_nanos}, {mtim_case, mtim, mtim_nanos}, times)) {
    return;
  }
  const Paths paths(s, g, path, length);
  if (!paths.valid() || !begin_file(s, g, ret, 2, 1)) return;
  Errno error = may_change(s, self);
  if (error == Errno::kSuccess && !times.valid) error = Errno::kInval;
  if (error == Errno::kSuccess) {
    error = wasi::path_filestat_set_times(s.p1, paths.room(), *fd, flags & wasi::kSymlinkFollow,
                                          paths.first(), paths.first_size(), times.atim, times.mtim,
                                          times.set)
                .error;
  }
  put_file_result(s, error, 1);
}

void descriptor_link_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 other,
                        u32 new_path, u32 new_length, u32 ret) {
  const auto fd = fd_of(s, self);
  const auto new_fd = fd ? fd_of(s, other) : std::nullopt;
  if (!new_fd) return;
  const Paths paths(s, g, path, length, new_path, new_length);
  if (!paths.valid() || !begin_file(s, g, ret, 2, 1)) return;
  for (const u32 each : {self, other}) {
    const Errno refused = may_change(s, each);
    if (refused != Errno::kSuccess) return put_file_result(s, refused, 1);
  }
  const Answer answer =
      wasi::path_link(s.p1, paths.room(), *fd, flags & wasi::kSymlinkFollow, paths.first(),
                      paths.first_size(), *new_fd, paths.second(), paths.second_size());
  put_file_result(s, answer.error, 1);
}

void descriptor_readlink_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret) {
  const auto fd = fd_of(s, self);
  if (!fd) return;
  const Paths paths(s, g, path, length);
  if (!paths.valid() || !begin_file(s, g, ret, 12, 4)) return;
  constexpr u32 kMost = Paths::kResultBytes - 8;
  const u32 text = paths.result() + 8;
  const Answer answer = wasi::path_readlink(s.p1, paths.room(), *fd, paths.first(),
                                            paths.first_size(), text, kMost, paths.result());
  if (answer.error != Errno::kSuccess) return put_file_result(s, answer.error, 4);
  u32 size = 0;
  std::string_view link;
  paths.room().get(paths.result(), size);
  paths.room().view(text, size, link);
  if (!is_utf8(link)) return put_file_result(s, Errno::kIlseq, 4);
  put_text(s, 4, link);
}

void descriptor_remove_directory_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret) {
  act(s, g, self, path, length, ret, wasi::path_remove_directory);
}

void descriptor_rename_at(S& s, G g, u32 self, u32 path, u32 length, u32 other, u32 new_path,
                          u32 new_length, u32 ret) {
  const auto fd = fd_of(s, self);
  const auto new_fd = fd ? fd_of(s, other) : std::nullopt;
  if (!new_fd) return;
  const Paths paths(s, g, path, length, new_path, new_length);
  if (!paths.valid() || !begin_file(s, g, ret, 2, 1)) return;
  for (const u32 each : {self, other}) {
    const Errno refused = may_change(s, each);
    if (refused != Errno::kSuccess) return put_file_result(s, refused, 1);
  }
  const Answer answer =
      wasi::path_rename(s.p1, paths.room(), *fd, paths.first(), paths.first_size(), *new_fd,
                        paths.second(), paths.second_size());
  put_file_result(s, answer.error, 1);
}

void descriptor_symlink_at(S& s, G g, u32 self, u32 path, u32 length, u32 new_path, u32 new_length,
                           u32 ret) {
  const auto fd = fd_of(s, self);
  if (!fd) return;
  const Paths paths(s, g, path, length, new_path, new_length);
  if (!paths.valid() || !begin_file(s, g, ret, 2, 1)) return;
  const Errno refused = may_change(s, self);
  if (refused != Errno::kSuccess) return put_file_result(s, refused, 1);
  const Answer answer = wasi::path_symlink(s.p1, paths.room(), paths.first(), paths.first_size(),
                                           *fd, paths.second(), paths.second_size());
  put_file_result(s, answer.error, 1);
}

void descriptor_unlink_file_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret) {
  act(s, g, self, path, length, ret, wasi::path_unlink_file);
}

void descriptor_metadata_hash_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 ret) {
  const auto fd = fd_of(s, self);
  if (!fd) return;
  const Paths paths(s, g, path, length);
  if (!paths.valid() || !begin_file(s, g, ret, 24, 8)) return;
  wasi::GuestFilestat stat;
  const Errno error = stat_at(s, g, *fd, flags, paths, stat);
  if (error != Errno::kSuccess) return put_file_result(s, error, 8);
  put_hash(s, stat);
}

}  // namespace ferry::wasi2
