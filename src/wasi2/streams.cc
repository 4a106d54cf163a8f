// wasi:io/streams.
#include "wasi2/streams.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wasi/transfer.h"
#include "wasi2/calls.h"
#include "wasi2/descriptor.h"

namespace ferry::wasi2 {
namespace {

using How = Moved::How;

// stream-error, at `offset` in the result.
void put_error(S& s, u32 offset, Moved moved) {
  if (moved.how == How::kClosed) {
    s.results.put(offset, u8{1});
  } else {
    s.results.put(offset + 4, make(s, std::move(moved.error)));
  }
}

// result<_, stream-error>, of 12 bytes.
void put_done(S& s, Moved moved) {
  if (moved.how == How::kDone || moved.how == How::kStopped) return;
  s.results.put(0, u8{1});
  put_error(s, 4, std::move(moved));
}

// result<u64, stream-error>, of 16 bytes.
void put_count(S& s, Moved moved, u64 count) {
  if (moved.how == How::kStopped) return;
  if (moved.how == How::kDone) {
    s.results.put(8, count);
    return;
  }
  s.results.put(0, u8{1});
  put_error(s, 8, std::move(moved));
}

Moved file_failed(Errno error) {
  const u8 code = file_error_of(error);
  return {How::kError, {.message = file_error_name(code), .file_error = code}};
}

Moved write_body(S& s, OutputStream& stream, std::string_view data) {
  Body& body = s.bodies[stream.body];
  const u64 size = body.size + data.size();
  if (body.length && size > *body.length) {
    return {How::kError,
            {.message =
                 fmt::format("the body has more bytes than its content-length, {}", *body.length),
             .body_too_long = size}};
  }
  body.size = size;
  if (body.discarded) return {};
  const u64 room = s.p1.setup.quotas.stdout_bytes - s.body_bytes;
  const auto part = std::min<u64>(data.size(), room);
  body.data.append(data.substr(0, part));
  s.body_bytes += part;
  s.p1.drawn.wrote = true;
  if (part == data.size()) return {};
  s.p1.stop = wasi::Stop::kOutputFull;
  s.stopped = true;
  return {How::kStopped};
}

Moved write_file(S& s, OutputStream& stream, std::string_view data) {
  while (!data.empty()) {
    u64 done = 0;
    if (stream.append) {
      wasi::GuestFilestat stat;
      if (const Errno e = stat_of(s, stream.file, stat); e != Errno::kSuccess)
        return file_failed(e);
      stream.at = stat.size;
    }
    const Answer answer = write_file_at(s, stream.file, stream.at, data, done);
    if (answer.error != Errno::kSuccess) return file_failed(answer.error);
    stream.at += done;
    data.remove_prefix(done);
  }
  return {};
}

// stdout is the log of a function that handles HTTP requests: its reply is its response.
Moved write_stdio(S& s, const OutputStream& stream, std::string_view data) {
  // The transfer only reads what it is given.
  s.p1.slices.assign(1, {const_cast<char*>(data.data()), data.size()});  // NOLINT
  u32 done = 0;
  const bool log = stream.to == OutputStream::To::kStderr || s.request != nullptr;
  const Answer answer = log ? wasi::write_stderr(s.p1, done) : wasi::write_stdout(s.p1, done);
  return goes_on(s, answer) ? Moved{} : Moved{How::kStopped};
}

Moved write_zeroes(S& s, OutputStream& stream, u64 size) {
  static constexpr std::array<char, kWritePermit> kZeroes{};
  return write_all(s, stream, {kZeroes.data(), size});
}

bool permitted(S& s, u64 size, u64 permit) {
  if (size <= permit) return true;
  trap(s, fmt::format("a write of {} bytes, where the stream permits {}", size, permit));
  return false;
}

}  // namespace

Moved read_some(S& s, InputStream& stream, u64 most, std::string_view& out, bool& borrowed) {
  out = {};
  borrowed = false;
  if (most == 0) return {};
  switch (stream.from) {
    case InputStream::From::kBody:
      out = s.request->body.substr(std::min<u64>(stream.at, s.request->body.size()), most);
      borrowed = true;
      stream.at += out.size();
      s.p1.drawn.stdin_read = true;
      break;
    case InputStream::From::kStdin: {
      std::uint8_t* room = wasi::bounce(s.p1);
      s.p1.slices.assign(1, {room, std::min<u64>(most, wasi::kBounceBytes)});
      u32 done = 0;
      if (!goes_on(s, wasi::read_stdin(s.p1, done))) return {How::kStopped};
      out = {reinterpret_cast<const char*>(room), done};
      break;
    }
    case InputStream::From::kFile: {
      const Answer answer = read_file_at(s, stream.file, stream.at, most, out);
      if (answer.error != Errno::kSuccess) return file_failed(answer.error);
      stream.at += out.size();
      break;
    }
  }
  return out.empty() ? Moved{How::kClosed} : Moved{};
}

Moved write_all(S& s, OutputStream& stream, std::string_view data) {
  if (stream.closed) return {How::kClosed};
  Moved moved;
  switch (stream.to) {
    case OutputStream::To::kBody:
      moved = write_body(s, stream, data);
      break;
    case OutputStream::To::kStdout:
    case OutputStream::To::kStderr:
      moved = write_stdio(s, stream, data);
      break;
    case OutputStream::To::kFile:
      moved = write_file(s, stream, data);
      break;
  }
  stream.closed = moved.how == How::kError;
  return moved;
}

void input_stream_read(S& s, G g, u32 self, u64 most, u32 ret) {
  InputStream* stream = need<InputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 12, 4)) return;
  std::string_view data;
  bool borrowed = false;
  Moved moved = read_some(s, *stream, most, data, borrowed);
  if (moved.how != How::kDone) return put_done(s, std::move(moved));
  if (borrowed) {
    s.results.bytes(4, data);
  } else {
    s.results.copied_bytes(4, data);
  }
}

void input_stream_skip(S& s, G g, u32 self, u64 most, u32 ret) {
  InputStream* stream = need<InputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 16, 8)) return;
  std::string_view data;
  bool borrowed = false;
  Moved moved = read_some(s, *stream, most, data, borrowed);
  put_count(s, std::move(moved), data.size());
}

u32 input_stream_subscribe(S& s, G /*g*/, u32 self) {
  return need<InputStream>(s, self) != nullptr ? make(s, Pollable{}, self) : 0;
}

void output_stream_check_write(S& s, G g, u32 self, u32 ret) {
  const OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 16, 8)) return;
  put_count(s, stream->closed ? Moved{How::kClosed} : Moved{}, kWritePermit);
}

void output_stream_write(S& s, G g, u32 self, u32 data, u32 size, u32 ret) {
  OutputStream* stream = need<OutputStream>(s, self);
  std::string_view bytes;
  if (stream == nullptr || !get_bytes(s, g, data, size, bytes)) return;
  if (!permitted(s, size, kWritePermit) || !begin(s, g, ret, 12, 4)) return;
  put_done(s, write_all(s, *stream, bytes));
}

void output_stream_blocking_write(S& s, G g, u32 self, u32 data, u32 size, u32 ret) {
  if (permitted(s, size, kBlockingWritePermit)) output_stream_write(s, g, self, data, size, ret);
}

// All is written when it is given.
void output_stream_flush(S& s, G g, u32 self, u32 ret) {
  const OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_done(s, stream->closed ? Moved{How::kClosed} : Moved{});
}

u32 output_stream_subscribe(S& s, G /*g*/, u32 self) {
  return need<OutputStream>(s, self) != nullptr ? make(s, Pollable{}, self) : 0;
}

void output_stream_write_zeroes(S& s, G g, u32 self, u64 size, u32 ret) {
  OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !permitted(s, size, kWritePermit) || !begin(s, g, ret, 12, 4)) return;
  put_done(s, write_zeroes(s, *stream, size));
}

void output_stream_blocking_write_zeroes(S& s, G g, u32 self, u64 size, u32 ret) {
  if (permitted(s, size, kBlockingWritePermit)) output_stream_write_zeroes(s, g, self, size, ret);
}

void output_stream_splice(S& s, G g, u32 self, u32 source, u64 most, u32 ret) {
  OutputStream* to = need<OutputStream>(s, self);
  InputStream* from = to != nullptr ? need<InputStream>(s, source) : nullptr;
  if (from == nullptr || !begin(s, g, ret, 16, 8)) return;
  if (to->closed) return put_count(s, {How::kClosed}, 0);
  std::string_view data;
  bool borrowed = false;
  Moved moved = read_some(s, *from, std::min(most, kWritePermit), data, borrowed);
  if (moved.how == How::kDone) moved = write_all(s, *to, data);
  put_count(s, std::move(moved), data.size());
}

}  // namespace ferry::wasi2
