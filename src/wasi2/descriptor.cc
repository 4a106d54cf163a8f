// wasi:filesystem: operations on a descriptor itself.
#include "wasi2/descriptor.h"

#include <algorithm>
#include <array>

#include "wasi2/calls.h"

namespace ferry::wasi2 {
namespace {

using wasi::Entry;
namespace rights = wasi::rights;

// The rest of descriptor-flags, which only get-flags shows.
constexpr u8 kFileIntegritySync = 1 << 2;
constexpr u8 kDataIntegritySync = 1 << 3;
constexpr u8 kRequestedWriteSync = 1 << 4;

u8 flags_of(const Entry& entry, bool mutates) {
  u8 out = 0;
  if ((entry.base & (rights::kFdRead | rights::kFdReaddir)) != 0) out |= descriptor_flags::kRead;
  if ((entry.base & rights::kFdWrite) != 0) out |= descriptor_flags::kWrite;
  if ((entry.flags & wasi::kFdSync) != 0) out |= kFileIntegritySync;
  if ((entry.flags & wasi::kFdDsync) != 0) out |= kDataIntegritySync;
  if ((entry.flags & wasi::kFdRsync) != 0) out |= kRequestedWriteSync;
  if (entry.folder() && !entry.read_only && mutates) out |= descriptor_flags::kMutate;
  return out;
}

// A call of preview 1 that takes the descriptor alone.
void act(S& s, G g, u32 self, u32 ret, Answer (*call)(wasi::S&, wasi::G, u32)) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 2, 1)) return;
  put_file_result(s, call(s.p1, g, s.files[descriptor->file].fd).error, 1);
}

// A stream at an offset, of a file that may be read or written.
template <typename Stream>
void make_stream(S& s, G g, u32 self, u32 ret, u64 right, Stream stream) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 8, 4)) return;
  const u32 file = descriptor->file;
  const Entry& entry = entry_of(s, file);
  if (entry.folder()) return put_file_result(s, Errno::kIsdir, 4);
  if ((entry.base & right) == 0) return put_file_result(s, Errno::kBadf, 4);
  stream.file = file;
  use_file(s, file);
  s.results.put(4, make(s, stream));
}

u64 mixed(u64 value) {  // the finaliser of splitmix64
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
  value = (value ^ value >> 27) * 0x94d049bb133111ebu;
  return value ^ value >> 31;
}

// option<datetime>, of 24 bytes.
void put_time(S& s, u32 offset, u64 nanoseconds) {
  s.results.put(offset, u8{1});
  s.results.put(offset + 8, nanoseconds / kSecond);
  s.results.put(offset + 16, static_cast<u32>(nanoseconds % kSecond));
}

}  // namespace

u8 descriptor_type_of(u8 filetype) {
  switch (static_cast<wasi::Filetype>(filetype)) {
    case wasi::Filetype::kBlockDevice:
      return 1;
    case wasi::Filetype::kCharacterDevice:
      return 2;
    case wasi::Filetype::kDirectory:
      return 3;
    case wasi::Filetype::kSymbolicLink:
      return 5;
    case wasi::Filetype::kRegularFile:
      return 6;
    case wasi::Filetype::kSocketDgram:
    case wasi::Filetype::kSocketStream:
      return 7;
    case wasi::Filetype::kUnknown:
      break;
  }
  return 0;
}

void put_file_result(S& s, Errno error, u32 offset) {
  if (error == Errno::kSuccess || s.stopped) return;
  s.results.put(0, u8{1});
  s.results.put(at_least(s, offset), error_code_of(s, error));
}

bool begin_file(S& s, G g, u32 ret, u32 size, u32 alignment) {
  if (!s.wasi03) return begin(s, g, ret, size, alignment);
  constexpr u32 kStat = 104;
  if (size == kStat) return begin(s, g, ret, kStat + 8, alignment);
  return begin(s, g, ret, std::max<u32>(size, 20), std::max<u32>(alignment, 4));
}

u8 error_code_of(const S& s, Errno error) {
  const u8 code = file_error_of(error);
  constexpr u8 kWouldBlock = 1;  // 0.2 alone has it
  constexpr u8 kOther = 36;
  if (!s.wasi03 || code < kWouldBlock) return code;
  return code == kWouldBlock ? kOther : static_cast<u8>(code - 1);
}

u8 type_of(const S& s, u8 filetype) {
  const u8 type = descriptor_type_of(filetype);
  constexpr u8 kOther = 7;
  if (!s.wasi03) return type;
  return type == 0 ? kOther : static_cast<u8>(type - 1);
}

void put_stat(S& s, const wasi::GuestFilestat& stat) {
  const u32 shift = s.wasi03 ? 8 : 0;  // the type is a variant
  s.results.put(8, type_of(s, stat.filetype));
  s.results.put(16 + shift, stat.nlink);
  s.results.put(24 + shift, stat.size);
  put_time(s, 32 + shift, stat.atim);
  put_time(s, 56 + shift, stat.mtim);
  put_time(s, 80 + shift, stat.ctim);
}

// The same file has the same hash as long as it lives; the device and the inode are its identity.
void put_hash(S& s, const wasi::GuestFilestat& stat) {
  s.results.put(8, mixed(stat.ino + 0x9e3779b97f4a7c15u));
  s.results.put(16, mixed(stat.dev ^ mixed(stat.ino)));
}

bool get_times(S& s, const NewTime& atim, const NewTime& mtim, Times& out) {
  if (!check_case(s, atim.which, 3) || !check_case(s, mtim.which, 3)) return false;
  constexpr u32 kSet[2][3] = {{0, wasi::kSetAtimNow, wasi::kSetAtim},
                              {0, wasi::kSetMtimNow, wasi::kSetMtim}};
  out.set = kSet[0][atim.which] | kSet[1][mtim.which];
  const auto nanoseconds = [&out](const NewTime& time) {
    if (time.seconds > UINT64_MAX / kSecond - 1 || time.nanoseconds >= kSecond) {
      out.valid = out.valid && time.which != 2;
      return u64{0};
    }
    return time.seconds * kSecond + time.nanoseconds;
  };
  out.atim = nanoseconds(atim);
  out.mtim = nanoseconds(mtim);
  return true;
}

void get_directories(S& s, G g, u32 ret) {
  if (!begin_file(s, g, ret, 8, 4)) return;
  s.p1.drawn.folders = true;
  const auto* granted = s.p1.setup.directories;
  const u32 folders = granted == nullptr ? 0 : static_cast<u32>(granted->size());
  const u32 count = folders + (s.p1.setup.files == nullptr ? 0 : 1);
  const u32 at = s.results.list(0, count, 12, 4);
  for (u32 i = 0; i < count; ++i) {
    constexpr u32 kFirst = 3;  // behind stdio
    s.results.put(at + 12 * i, make(s, Descriptor{add_file(s, kFirst + i), true}));
    put_text(s, at + 12 * i + 4, i < folders ? (*granted)[i].guest_path() : "/");
  }
}

void descriptor_read_via_stream(S& s, G g, u32 self, u64 at, u32 ret) {
  make_stream(s, g, self, ret, rights::kFdRead,
              InputStream{.from = InputStream::From::kFile, .at = at});
}

void descriptor_write_via_stream(S& s, G g, u32 self, u64 at, u32 ret) {
  make_stream(s, g, self, ret, rights::kFdWrite,
              OutputStream{.to = OutputStream::To::kFile, .at = at});
}

void descriptor_append_via_stream(S& s, G g, u32 self, u32 ret) {
  make_stream(s, g, self, ret, rights::kFdWrite,
              OutputStream{.to = OutputStream::To::kFile, .append = true});
}

void descriptor_advise(S& s, G g, u32 self, u64 at, u64 size, u32 advice, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !check_case(s, advice, 6) || !begin_file(s, g, ret, 2, 1)) return;
  const u32 fd = s.files[descriptor->file].fd;
  // The cases of advice are preview 1's, in its order.
  const Errno error = entry_of(s, descriptor->file).folder()
                          ? Errno::kBadf
                          : wasi::fd_advise(s.p1, g, fd, at, size, advice).error;
  put_file_result(s, error, 1);
}

void descriptor_sync_data(S& s, G g, u32 self, u32 ret) { act(s, g, self, ret, wasi::fd_datasync); }

void descriptor_sync(S& s, G g, u32 self, u32 ret) { act(s, g, self, ret, wasi::fd_sync); }

void descriptor_get_flags(S& s, G g, u32 self, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 2, 1)) return;
  s.results.put(at_least(s, 1), flags_of(entry_of(s, descriptor->file), descriptor->mutates));
}

void descriptor_get_type(S& s, G g, u32 self, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 2, 1)) return;
  const bool directory = entry_of(s, descriptor->file).folder();
  const auto type = directory ? wasi::Filetype::kDirectory : wasi::Filetype::kRegularFile;
  s.results.put(at_least(s, 1), type_of(s, static_cast<u8>(type)));
}

void descriptor_set_size(S& s, G g, u32 self, u64 size, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 2, 1)) return;
  const u32 fd = s.files[descriptor->file].fd;
  Errno error =
      size > INT64_MAX ? Errno::kInval : wasi::fd_filestat_set_size(s.p1, g, fd, size).error;
  // As ftruncate(2) has it for a file that was not opened for writing.
  if (error == Errno::kNotcapable) error = Errno::kInval;
  put_file_result(s, error, 1);
}

void descriptor_set_times(S& s, G g, u32 self, u32 atim_case, u64 atim, u32 atim_nanos,
                          u32 mtim_case, u64 mtim, u32 mtim_nanos, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  Times times;
  if (descriptor == nullptr ||
      !get_times(s, {atim_case, atim, atim_nanos}, {mtim_case, mtim, mtim_nanos}, times) ||
      !begin_file(s, g, ret, 2, 1)) {
    return;
  }
  const u32 fd = s.files[descriptor->file].fd;
  Errno error = times.valid ? Errno::kSuccess : Errno::kInval;
  if (s.wasi03 && entry_of(s, descriptor->file).folder() && !descriptor->mutates) {
    error = Errno::kRofs;
  }
  if (error == Errno::kSuccess) {
    error = wasi::fd_filestat_set_times(s.p1, g, fd, times.atim, times.mtim, times.set).error;
  }
  put_file_result(s, error, 1);
}

void descriptor_read(S& s, G g, u32 self, u64 most, u64 at, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin(s, g, ret, 16, 4)) return;
  std::string_view data;
  const Answer answer = read_file_at(s, descriptor->file, at, most, data);
  if (answer.error != Errno::kSuccess) return put_file_result(s, answer.error, 4);
  s.results.copied_bytes(4, data);
  s.results.put(12, static_cast<u8>(data.empty() && most > 0 ? 1 : 0));
}

void descriptor_write(S& s, G g, u32 self, u32 data, u32 size, u64 at, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  std::string_view bytes;
  if (descriptor == nullptr || !get_bytes(s, g, data, size, bytes) || !begin(s, g, ret, 16, 8)) {
    return;
  }
  u64 done = 0;
  const Answer answer = write_file_at(s, descriptor->file, at, bytes, done);
  if (answer.error != Errno::kSuccess) return put_file_result(s, answer.error, 8);
  s.results.put(8, done);
}

void descriptor_stat(S& s, G g, u32 self, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 104, 8)) return;
  wasi::GuestFilestat stat;
  const Errno error = stat_of(s, descriptor->file, stat);
  if (error != Errno::kSuccess) return put_file_result(s, error, 8);
  put_stat(s, stat);
}

u32 descriptor_is_same_object(S& s, G /*g*/, u32 self, u32 other) {
  const Descriptor* one = need<Descriptor>(s, self);
  const Descriptor* two = one != nullptr ? need<Descriptor>(s, other) : nullptr;
  if (two == nullptr) return 0;
  wasi::GuestFilestat a;
  wasi::GuestFilestat b;
  const bool read =
      stat_of(s, one->file, a) == Errno::kSuccess && stat_of(s, two->file, b) == Errno::kSuccess;
  return read && a.dev == b.dev && a.ino == b.ino ? 1 : 0;
}

void descriptor_metadata_hash(S& s, G g, u32 self, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 24, 8)) return;
  wasi::GuestFilestat stat;
  const Errno error = stat_of(s, descriptor->file, stat);
  if (error != Errno::kSuccess) return put_file_result(s, error, 8);
  put_hash(s, stat);
}

void descriptor_read_directory(S& s, G g, u32 self, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr || !begin_file(s, g, ret, 8, 4)) return;
  const u32 file = descriptor->file;
  const Entry& entry = entry_of(s, file);
  if (!entry.folder()) return put_file_result(s, Errno::kNotdir, 4);
  if ((entry.base & rights::kFdReaddir) == 0) return put_file_result(s, Errno::kBadf, 4);
  use_file(s, file);
  s.results.put(4, make(s, DirectoryStream{file}));
}

// One entry at a time through preview 1's listing.
std::optional<DirectoryEntry> next_entry(S& s, DirectoryStream& stream, Errno& error) {
  constexpr u32 kRoom = 1024;  // an entry and the longest name
  for (;;) {
    const G room = scratch(s, kRoom + 4);
    error =
        wasi::fd_readdir(s.p1, room, s.files[stream.file].fd, 0, kRoom, stream.cookie, kRoom).error;
    if (error != Errno::kSuccess) return std::nullopt;
    u32 used = 0;
    wasi::GuestDirent entry{};
    std::string_view name;
    room.get(kRoom, used);
    if (used < sizeof(entry)) return std::nullopt;
    room.get(0, entry);
    room.view(sizeof(entry), std::min<u32>(entry.name_size, kRoom - sizeof(entry)), name);
    stream.cookie = entry.next;
    if (name == "." || name == "..") continue;
    if (!is_utf8(name)) error = Errno::kIlseq;
    if (error != Errno::kSuccess) return std::nullopt;
    return DirectoryEntry{entry.filetype, std::string(name)};
  }
}

void read_directory_entry(S& s, G g, u32 self, u32 ret) {
  DirectoryStream* stream = need<DirectoryStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 20, 4)) return;
  Errno error = Errno::kSuccess;
  const auto entry = next_entry(s, *stream, error);
  if (error != Errno::kSuccess) return put_file_result(s, error, 4);
  if (!entry) return;  // the end: none
  s.results.put(4, u8{1});
  s.results.put(8, descriptor_type_of(entry->filetype));
  put_text(s, 12, entry->name);
}

void filesystem_error_code(S& s, G g, u32 error, u32 ret) {
  const IoError* found = need<IoError>(s, error);
  if (found == nullptr || !begin_file(s, g, ret, 2, 1)) return;
  if (!found->file_error) return;
  s.results.put(0, u8{1});
  s.results.put(1, *found->file_error);
}

G scratch(S& s, u32 size) {
  s.scratch.assign(std::max<std::size_t>(size, s.scratch.size()), 0);
  return G({s.scratch.data(), s.scratch.size()});
}

Errno stat_of(S& s, u32 file, wasi::GuestFilestat& out) {
  // Not in the scratch memory: what was read from a stream may still lie there.
  std::array<u8, sizeof(out)> bytes{};
  const G room({bytes.data(), bytes.size()});
  const Answer answer = wasi::fd_filestat_get(s.p1, room, s.files[file].fd, 0);
  room.get(0, out);
  return answer.error;
}

}  // namespace ferry::wasi2
