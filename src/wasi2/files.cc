#include "wasi2/files.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "wasi/transfer.h"

namespace ferry::wasi2 {
namespace {

// wasi:filesystem/types error-code, in its order.
constexpr std::array<const char*, 37> kNames = {"access",
                                                "would-block",
                                                "already",
                                                "bad-descriptor",
                                                "busy",
                                                "deadlock",
                                                "quota",
                                                "exist",
                                                "file-too-large",
                                                "illegal-byte-sequence",
                                                "in-progress",
                                                "interrupted",
                                                "invalid",
                                                "io",
                                                "is-directory",
                                                "loop",
                                                "too-many-links",
                                                "message-size",
                                                "name-too-long",
                                                "no-device",
                                                "no-entry",
                                                "no-lock",
                                                "insufficient-memory",
                                                "insufficient-space",
                                                "not-directory",
                                                "not-empty",
                                                "not-recoverable",
                                                "unsupported",
                                                "no-tty",
                                                "no-such-device",
                                                "overflow",
                                                "not-permitted",
                                                "pipe",
                                                "read-only",
                                                "invalid-seek",
                                                "text-file-busy",
                                                "cross-device"};

const char* name_for(Errno error) {
  switch (error) {
    case Errno::kAcces:
      return "access";
    case Errno::kAgain:
      return "would-block";
    case Errno::kBadf:
      return "bad-descriptor";
    case Errno::kBusy:
      return "busy";
    case Errno::kDquot:
      return "quota";
    case Errno::kExist:
      return "exist";
    case Errno::kFbig:
      return "file-too-large";
    case Errno::kIlseq:
      return "illegal-byte-sequence";
    case Errno::kIntr:
      return "interrupted";
    case Errno::kInval:
    case Errno::kRange:
    case Errno::kTooBig:
      return "invalid";
    case Errno::kIsdir:
      return "is-directory";
    case Errno::kLoop:
      return "loop";
    case Errno::kMlink:
      return "too-many-links";
    case Errno::kNametoolong:
      return "name-too-long";
    case Errno::kNodev:
      return "no-device";
    case Errno::kNoent:
      return "no-entry";
    case Errno::kNomem:
    case Errno::kMfile:  // there is no case for too many open files
    case Errno::kNfile:
      return "insufficient-memory";
    case Errno::kNospc:
      return "insufficient-space";
    case Errno::kNotdir:
      return "not-directory";
    case Errno::kNotempty:
      return "not-empty";
    case Errno::kNosys:
    case Errno::kNotsup:
      return "unsupported";
    case Errno::kNxio:
      return "no-such-device";
    case Errno::kOverflow:
      return "overflow";
    case Errno::kPerm:
    case Errno::kNotcapable:
      return "not-permitted";
    case Errno::kPipe:
      return "pipe";
    case Errno::kRofs:
      return "read-only";
    case Errno::kSpipe:
      return "invalid-seek";
    case Errno::kTxtbsy:
      return "text-file-busy";
    case Errno::kXdev:
      return "cross-device";
    default:
      return "io";
  }
}

}  // namespace

u8 file_error_of(Errno error) {
  const std::string_view name = name_for(error);
  const auto* found = std::ranges::find(kNames, name);
  return static_cast<u8>(found - kNames.begin());
}

const char* file_error_name(u8 code) { return kNames[code]; }

wasi::Entry& entry_of(S& s, u32 file) { return *s.p1.fds.find(s.files[file].fd); }

u32 add_file(S& s, u32 fd) {
  const auto unused = std::ranges::find(s.files, 0u, &OpenFile::users);
  if (unused != s.files.end()) {
    *unused = {fd, 1};
    return static_cast<u32>(unused - s.files.begin());
  }
  s.files.push_back({fd, 1});
  return static_cast<u32>(s.files.size() - 1);
}

void use_file(S& s, u32 file) { ++s.files[file].users; }

void release_file(S& s, u32 file) {
  OpenFile& open = s.files[file];
  if (--open.users > 0) return;
  // A grant stays for the next request of it.
  if (!s.p1.fds.find(open.fd)->preopen) s.p1.fds.close(open.fd);
}

Answer read_file_at(S& s, u32 file, u64 at, u64 most, std::string_view& out) {
  out = {};
  wasi::Entry& entry = entry_of(s, file);
  if (entry.folder()) return Errno::kIsdir;
  if ((entry.base & wasi::rights::kFdRead) == 0) return Errno::kBadf;  // pread(2)
  if (at > INT64_MAX) return Errno::kInval;
  // Into a buffer of ours: read_file fills its own, so the slice must be another.
  s.scratch.resize(wasi::kBounceBytes);
  s.p1.slices.assign(1, {s.scratch.data(), std::min<u64>(most, s.scratch.size())});
  u32 done = 0;
  const Answer answer = wasi::read_entry(s.p1, entry, &at, done);
  out = {reinterpret_cast<const char*>(s.scratch.data()), done};
  return answer;
}

Answer write_file_at(S& s, u32 file, u64 at, std::string_view data, u64& done) {
  const wasi::Entry& entry = entry_of(s, file);
  if (entry.folder()) return Errno::kIsdir;
  if ((entry.base & wasi::rights::kFdWrite) == 0) return Errno::kBadf;  // pwrite(2)
  if (at > INT64_MAX) return Errno::kInval;
  // The transfer only reads what it is given.
  s.p1.slices.assign(1, {const_cast<char*>(data.data()), data.size()});  // NOLINT
  u32 count = 0;
  const Answer answer = wasi::write_file(s.p1, entry.host, &at, count);
  done = count;
  return answer;
}

}  // namespace ferry::wasi2
