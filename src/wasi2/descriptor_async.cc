// wasi:filesystem 0.3: its streams, and functions called with async whose parameters lie in memory
// (CanonicalABI.md, MAX_FLAT_ASYNC_PARAMS). All else is 0.2's, see OfWasi03.
#include "wasi2/calls.h"
#include "wasi2/channel.h"
#include "wasi2/descriptor.h"

namespace ferry::wasi2 {
namespace {

namespace rights = wasi::rights;

// A tuple of parameters in guest memory.
class Params {
 public:
  Params(S& s, G g, u32 at, u32 size, u32 alignment)
      : guest_(g), at_(at), valid_(check_list(s, g, at, 1, size, alignment)) {}
  bool valid() const { return valid_; }
  u32 word(u32 offset) const { return get<u32>(offset); }
  u32 flags(u32 offset) const { return get<u8>(offset); }
  u64 wide(u32 offset) const { return get<u64>(offset); }

 private:
  template <typename T>
  T get(u32 offset) const {
    T value{};
    guest_.get(at_ + offset, value);
    return value;
  }

  G guest_;
  u32 at_;
  bool valid_;
};

constexpr u32 kOver = static_cast<u32>(Subtask::State::kReturned);

u32 add_outcome(S& s, Errno error) {
  Promise promise{.type = Promise::Type::kFile, .known = error != Errno::kSuccess};
  if (error != Errno::kSuccess) {
    s.wasi03 = true;
    promise.code = error_code_of(s, error);
    s.wasi03 = false;
  }
  return add_promise(s, std::move(promise));
}

// tuple<stream, future<result<_, error-code>>>, of 8 bytes. An error leaves the stream empty.
void put_pair(S& s, G g, u32 ret, u32 stream, u32 outcome) {
  if (stream == kNone || outcome == kNone || !begin(s, g, ret, 8, 4)) return;
  s.results.put(0, give_readable(s, stream));
  s.results.put(4, give_readable(s, outcome));
}

Errno check_stream(S& s, u32 file, u64 right) {
  const wasi::Entry& entry = entry_of(s, file);
  if (entry.kind == wasi::Entry::Kind::kDirectory) return Errno::kIsdir;
  return (entry.base & right) == 0 ? Errno::kBadf : Errno::kSuccess;
}

u32 write_stream(S& s, G g, u32 self, u32 stream, OutputStream sink) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr) return 0;
  const u32 file = descriptor->file;
  const u32 channel = take_readable(s, stream, false);
  if (channel == kNone) return 0;
  const Errno error = check_stream(s, file, rights::kFdWrite);
  const u32 taken = add_outcome(s, error);
  if (taken == kNone) return 0;
  if (error == Errno::kSuccess) {
    sink.file = file;
    use_file(s, file);
    read_into(s, g, channel, sink, taken);
  } else {
    drop_readable(s, channel);
  }
  return give_readable(s, taken);
}

}  // namespace

void read_via_stream(S& s, G g, u32 self, u64 at, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr) return;
  const u32 file = descriptor->file;
  const Errno error = check_stream(s, file, rights::kFdRead);
  const u32 outcome = add_outcome(s, error);
  if (outcome == kNone) return;
  u32 stream = kNone;
  if (error == Errno::kSuccess) {
    use_file(s, file);
    stream = add_source(s, {.from = InputStream::From::kFile, .file = file, .at = at}, outcome);
  } else {
    stream = add_channel(s, false, 1);
    if (stream != kNone) s.channels[stream]->writable_gone = true;
  }
  put_pair(s, g, ret, stream, outcome);
}

u32 write_via_stream(S& s, G g, u32 self, u32 stream, u64 at) {
  return write_stream(s, g, self, stream, {.to = OutputStream::To::kFile, .at = at});
}

u32 append_via_stream(S& s, G g, u32 self, u32 stream) {
  return write_stream(s, g, self, stream, {.to = OutputStream::To::kFile, .append = true});
}

void read_directory(S& s, G g, u32 self, u32 ret) {
  const Descriptor* descriptor = need<Descriptor>(s, self);
  if (descriptor == nullptr) return;
  const u32 file = descriptor->file;
  const wasi::Entry& entry = entry_of(s, file);
  Errno error = Errno::kSuccess;
  if (entry.kind != wasi::Entry::Kind::kDirectory) {
    error = Errno::kNotdir;
  } else if ((entry.base & rights::kFdReaddir) == 0) {
    error = Errno::kBadf;
  }
  const u32 outcome = add_outcome(s, error);
  if (outcome == kNone) return;
  u32 stream = kNone;
  if (error == Errno::kSuccess) {
    use_file(s, file);
    stream = add_entries(s, {.file = file}, outcome);
  } else {
    stream = add_channel(s, false, 1);
    if (stream != kNone) s.channels[stream]->writable_gone = true;
  }
  put_pair(s, g, ret, stream, outcome);
}

u32 is_same_object_start(S& s, G g, u32 self, u32 other, u32 ret) {
  if (begin(s, g, ret, 1, 1)) {
    s.results.put(0, static_cast<u8>(descriptor_is_same_object(s, g, self, other)));
  }
  return kOver;
}

u32 set_times_start(S& s, G g, u32 at, u32 ret) {
  const Params in(s, g, at, 56, 8);
  if (!in.valid()) return 0;
  OfWasi03<&descriptor_set_times>::call(s, g, in.word(0), in.flags(8), in.wide(16), in.word(24),
                                        in.flags(32), in.wide(40), in.word(48), ret);
  return kOver;
}

u32 set_times_at_start(S& s, G g, u32 at, u32 ret) {
  const Params in(s, g, at, 64, 8);
  if (!in.valid()) return 0;
  OfWasi03<&descriptor_set_times_at>::call(s, g, in.word(0), in.flags(4), in.word(8), in.word(12),
                                           in.flags(16), in.wide(24), in.word(32), in.flags(40),
                                           in.wide(48), in.word(56), ret);
  return kOver;
}

u32 open_at_start(S& s, G g, u32 at, u32 ret) {
  const Params in(s, g, at, 20, 4);
  if (!in.valid()) return 0;
  OfWasi03<&descriptor_open_at>::call(s, g, in.word(0), in.flags(4), in.word(8), in.word(12),
                                      in.flags(16), in.flags(17), ret);
  return kOver;
}

u32 link_at_start(S& s, G g, u32 at, u32 ret) {
  const Params in(s, g, at, 28, 4);
  if (!in.valid()) return 0;
  OfWasi03<&descriptor_link_at>::call(s, g, in.word(0), in.flags(4), in.word(8), in.word(12),
                                      in.word(16), in.word(20), in.word(24), ret);
  return kOver;
}

u32 rename_at_start(S& s, G g, u32 at, u32 ret) {
  const Params in(s, g, at, 24, 4);
  if (!in.valid()) return 0;
  OfWasi03<&descriptor_rename_at>::call(s, g, in.word(0), in.word(4), in.word(8), in.word(12),
                                        in.word(16), in.word(20), ret);
  return kOver;
}

u32 symlink_at_start(S& s, G g, u32 at, u32 ret) {
  const Params in(s, g, at, 20, 4);
  if (!in.valid()) return 0;
  OfWasi03<&descriptor_symlink_at>::call(s, g, in.word(0), in.word(4), in.word(8), in.word(12),
                                         in.word(16), ret);
  return kOver;
}

}  // namespace ferry::wasi2
