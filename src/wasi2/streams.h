// Moving bytes through the streams of wasi:io, whatever they refer to. Private to src/wasi2.
#pragma once

#include "wasi2/state.h"

namespace ferry::wasi2 {

// What a stream takes in one write; more is a trap (wasi:io/streams, output-stream.write).
inline constexpr u64 kWritePermit = 65536;
// The same for those that block (output-stream.blocking-write-and-flush).
inline constexpr u64 kBlockingWritePermit = 4096;

// How reading or writing went. With kError, `error` says what.
struct Moved {
  enum class How : u8 { kDone, kClosed, kError, kStopped };
  How how = How::kDone;
  IoError error = {};
};

// At most `most` bytes, which stay where they are until the next call; none only if most is 0, or
// where none have come and it does not wait for them. `borrowed`: until the end of the event.
Moved read_some(S& s, InputStream& stream, u64 most, bool waits, std::string_view& out,
                bool& borrowed);
Moved write_all(S& s, OutputStream& stream, std::string_view data);

}  // namespace ferry::wasi2
