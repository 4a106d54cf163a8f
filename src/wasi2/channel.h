// Streams and futures of WASI 0.3 (CanonicalABI.md, "Stream State", "Future State"): a channel has
// a readable and a writable end, each the guest's or the host's. What the host's end is for says
// where the bytes come from or go: the streams of wasi:io do the work (streams.h). Nothing is
// buffered: a copy waits until the other end is there. Private to src/wasi2.
#pragma once

#include <memory>
#include <optional>

#include "wasi2/state.h"

namespace ferry::wasi2 {

// The value of a future that the host writes.
struct Promise {
  enum class Type : u8 {
    kCli,       // result<_, wasi:cli/types error-code>
    kHttp,      // result<_, wasi:http/types error-code>
    kTrailers,  // result<option<trailers>, wasi:http/types error-code>
    kFile       // result<_, wasi:filesystem/types error-code>
  };
  Type type = Type::kCli;
  bool known = false;           // the value is there; else it comes with `awaits`, or with a call
  std::optional<u8> code = {};  // the error of kCli and kFile
  std::optional<HttpFailure> failure = {};
  std::optional<Pollable> awaits = {};  // of an exchange
};

struct Channel {
  static constexpr u32 kOpaque = 0xffffffff;
  enum class Reader : u8 { kGuest, kIgnores, kTrailers };  // what the host wants of a future

  // A copy by a guest's end that waits for the other end.
  struct Copy {
    u32 end = 0;  // its handle; 0: none waits
    u32 at = 0;   // in guest memory, in elements of the channel
    u32 length = 0;
    u32 done = 0;
  };

  bool is_future = false;
  bool readable_gone = false;
  bool writable_gone = false;
  Reader reader = Reader::kGuest;
  u32 element = 1;      // bytes; kOpaque: a type that only the host's side of the channel knows
  u32 body = kNone;     // of kTrailers, and of a stream into a body: State::bodies
  u32 outcome = kNone;  // the future that says how a stream of the host's ended: State::channels
  u32 taken = kNone;    // the future that says how the host took a stream of the guest's
  Copy waiting;
  std::optional<InputStream> source;       // a stream that the host writes
  std::optional<DirectoryStream> entries;  // one of directory-entry that it writes
  std::optional<OutputStream> sink;        // one that it reads
  std::unique_ptr<Promise> promise;        // a future that it writes
};

// What a copy answers (CanonicalABI.md, CopyResult), below the number of elements.
inline constexpr u32 kCompleted = 0;
inline constexpr u32 kDropped = 1;
inline constexpr u32 kCancelled = 2;
inline constexpr u32 kBlocked = 0xffffffff;

// A new channel, by its index; kNone and the guest ended where there are too many in one event.
u32 add_channel(S& s, bool is_future, u32 element);
// One whose stream the host writes, with the future that says how it ended; the guest gets the
// readable ends.
u32 add_source(S& s, const InputStream& source, u32 outcome);
u32 add_promise(S& s, Promise promise);
// The same of the entries of a directory.
u32 add_entries(S& s, const DirectoryStream& entries, u32 outcome);
void resolve(S& s, u32 channel, std::optional<u8> code, std::optional<HttpFailure> failure = {});

// The readable end as a handle of the guest's.
u32 give_readable(S& s, u32 channel);
// Takes a readable end that the guest gives away; kNone and the guest ended where it may not.
u32 take_readable(S& s, u32 handle, bool is_future);

// From now on the host reads: what waits is taken at once.
void read_into(S& s, G g, u32 channel, const OutputStream& sink, u32 taken, u32 body = kNone);
void read_future(S& s, G g, u32 channel, Channel::Reader reader, u32 body = kNone);
// The readable end goes, whoever held it.
void drop_readable(S& s, u32 channel);

// The guest's copies. `handle` is one of a ChannelEnd; what a copy must not be done with ends the
// guest. begin_copy gives the result, or kBlocked: then copy_is_over says whether take_copy can
// give it, and copy_awaits what of the host's may bring it. `can_allocate`: the guest gives memory
// to this call.
u32 begin_copy(S& s, G g, u32 handle, u32 at, u32 length);
bool copy_is_over(S& s, G g, u32 handle);
std::optional<Pollable> copy_awaits(S& s, u32 handle);
u32 take_copy(S& s, G g, u32 handle, bool can_allocate);
u32 cancel_copy(S& s, u32 handle);
void drop_end(S& s, u32 handle);

}  // namespace ferry::wasi2
