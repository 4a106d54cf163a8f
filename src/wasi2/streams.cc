// wasi:io/streams.
#include "wasi2/streams.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wasi/transfer.h"
#include "wasi2/calls.h"
#include "wasi2/descriptor.h"
#include "wasi2/exchange.h"
#include "wasi2/http_rules.h"
#include "wasi2/tcp.h"
#include "wasi2/wait.h"

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

Moved http_failed(const HttpFailure& failure) {
  return {How::kError, {.message = http_failure_text(failure), .http = failure}};
}

Moved write_request(S& s, Exchange& exchange, std::string_view data) {
  if (exchange.failure) return http_failed(*exchange.failure);
  if (unsent(exchange) > kExchangeBuffer) {
    trap(s, "a write that the stream did not permit");
    return {How::kStopped};
  }
  add_to_request(exchange, data, false);
  return {};
}

Moved socket_failed(Errno error) {
  const u8 code = socket_error_of(error);
  return {How::kError, {.message = socket_error_name(code), .socket_error = code}};
}

Moved write_tcp(S& s, Tcp& tcp, std::string_view data) {
  if (tcp.shut) return {How::kClosed};
  if (unsent(tcp) > kTcpBuffer) {
    trap(s, "a write that the stream did not permit");
    return {How::kStopped};
  }
  const Errno error = send(s, tcp, data);
  return error == Errno::kSuccess ? Moved{} : socket_failed(error);
}

Moved read_tcp(S& s, u32 index, u64 most, bool waits, std::string_view& out) {
  const Pollable readable{.what = Pollable::Awaits::kReadable, .tcp = index};
  if (waits && !wait_for(s, {&readable, 1})) return {How::kStopped};
  const Errno error = receive(s, *s.tcps[index], most, out);
  if (error == Errno::kAgain) return {};
  if (error != Errno::kSuccess) return socket_failed(error);
  return out.empty() ? Moved{How::kClosed} : Moved{};
}

// What is to be waited for before the stream takes more, or has sent all: `what`.
Pollable pollable_of(S& s, const OutputStream& stream, Pollable::Awaits what) {
  if (stream.to == OutputStream::To::kTcp) return {.what = what, .tcp = stream.tcp};
  if (stream.to != OutputStream::To::kBody || s.bodies[stream.body].exchange == kNone) return {};
  return {.what = what, .exchange = s.bodies[stream.body].exchange};
}

// What the stream takes now.
u64 permit_of(S& s, const OutputStream& stream) {
  return is_ready(s, pollable_of(s, stream, Pollable::Awaits::kWritable)) ? kWritePermit : 0;
}

// Waits until what was written has gone. Nothing does where it goes to memory or a file.
Moved flush(S& s, const OutputStream& stream, bool waits) {
  if (stream.closed) return {How::kClosed};
  const Pollable sent = pollable_of(s, stream, Pollable::Awaits::kSent);
  if (waits && !wait_for(s, {&sent, 1})) return {How::kStopped};
  if (sent.tcp != kNone) {
    const Errno error = s.tcps[sent.tcp]->error;
    return error == Errno::kSuccess ? Moved{} : socket_failed(error);
  }
  if (sent.exchange == kNone) return {};
  const auto& failure = s.exchanges[sent.exchange]->failure;
  return failure ? http_failed(*failure) : Moved{};
}

Moved write_body(S& s, OutputStream& stream, std::string_view data) {
  Body& body = s.bodies[stream.body];
  const u64 size = body.size + data.size();
  if (body.length && size > *body.length) {
    return {
        How::kError,
        {.message =
             fmt::format("the body has more bytes than its content-length, {}", *body.length),
         .http = HttpFailure{
             body.of_request ? HttpError::kRequestBodySize : HttpError::kResponseBodySize, size}}};
  }
  body.size = size;
  if (body.exchange != kNone) return write_request(s, *s.exchanges[body.exchange], data);
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

Moved read_some(S& s, InputStream& stream, u64 most, bool waits, std::string_view& out,
                bool& borrowed) {
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
    case InputStream::From::kExchange: {
      const Pollable readable{.what = Pollable::Awaits::kReadable, .exchange = stream.exchange};
      if (waits ? !wait_for(s, {&readable, 1}) : !is_ready(s, readable)) {
        return {waits ? How::kStopped : How::kDone};
      }
      Exchange& exchange = *s.exchanges[stream.exchange];
      out = read_response(exchange, most);
      if (out.empty() && exchange.failure) return http_failed(*exchange.failure);
      break;
    }
    case InputStream::From::kTcp:
      return read_tcp(s, stream.tcp, most, waits, out);
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
    case OutputStream::To::kTcp:
      moved = write_tcp(s, *s.tcps[stream.tcp], data);
      break;
  }
  stream.closed = moved.how == How::kError;
  return moved;
}

namespace {

void read(S& s, G g, u32 self, u64 most, bool waits, u32 ret) {
  InputStream* stream = need<InputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 12, 4)) return;
  std::string_view data;
  bool borrowed = false;
  Moved moved = read_some(s, *stream, most, waits, data, borrowed);
  if (moved.how != How::kDone) return put_done(s, std::move(moved));
  if (borrowed) {
    s.results.bytes(4, data);
  } else {
    s.results.copied_bytes(4, data);
  }
}

void skip(S& s, G g, u32 self, u64 most, bool waits, u32 ret) {
  InputStream* stream = need<InputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 16, 8)) return;
  std::string_view data;
  bool borrowed = false;
  Moved moved = read_some(s, *stream, most, waits, data, borrowed);
  put_count(s, std::move(moved), data.size());
}

// `waits`: for bytes to come, and for them to have gone.
void splice(S& s, G g, u32 self, u32 source, u64 most, bool waits, u32 ret) {
  OutputStream* to = need<OutputStream>(s, self);
  InputStream* from = to != nullptr ? need<InputStream>(s, source) : nullptr;
  if (from == nullptr || !begin(s, g, ret, 16, 8)) return;
  if (to->closed) return put_count(s, {How::kClosed}, 0);
  const u64 permit = waits ? kWritePermit : permit_of(s, *to);
  std::string_view data;
  bool borrowed = false;
  Moved moved = read_some(s, *from, std::min(most, permit), waits, data, borrowed);
  if (moved.how == How::kDone) moved = write_all(s, *to, data);
  if (moved.how == How::kDone && waits) moved = flush(s, *to, true);
  put_count(s, std::move(moved), data.size());
}

}  // namespace

void input_stream_read(S& s, G g, u32 self, u64 most, u32 ret) {
  read(s, g, self, most, false, ret);
}

void input_stream_blocking_read(S& s, G g, u32 self, u64 most, u32 ret) {
  read(s, g, self, most, true, ret);
}

void input_stream_skip(S& s, G g, u32 self, u64 most, u32 ret) {
  skip(s, g, self, most, false, ret);
}

void input_stream_blocking_skip(S& s, G g, u32 self, u64 most, u32 ret) {
  skip(s, g, self, most, true, ret);
}

u32 input_stream_subscribe(S& s, G /*g*/, u32 self) {
  const InputStream* stream = need<InputStream>(s, self);
  if (stream == nullptr) return 0;
  Pollable pollable;
  if (stream->from == InputStream::From::kExchange) {
    pollable = {.what = Pollable::Awaits::kReadable, .exchange = stream->exchange};
  }
  if (stream->from == InputStream::From::kTcp) {
    pollable = {.what = Pollable::Awaits::kReadable, .tcp = stream->tcp};
  }
  return make(s, pollable, self);
}

void output_stream_check_write(S& s, G g, u32 self, u32 ret) {
  const OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 16, 8)) return;
  put_count(s, stream->closed ? Moved{How::kClosed} : Moved{}, permit_of(s, *stream));
}

void output_stream_write(S& s, G g, u32 self, u32 data, u32 size, u32 ret) {
  OutputStream* stream = need<OutputStream>(s, self);
  std::string_view bytes;
  if (stream == nullptr || !get_bytes(s, g, data, size, bytes)) return;
  if (!permitted(s, size, kWritePermit) || !begin(s, g, ret, 12, 4)) return;
  put_done(s, write_all(s, *stream, bytes));
}

void output_stream_blocking_write(S& s, G g, u32 self, u32 data, u32 size, u32 ret) {
  OutputStream* stream = need<OutputStream>(s, self);
  std::string_view bytes;
  if (stream == nullptr || !get_bytes(s, g, data, size, bytes)) return;
  if (!permitted(s, size, kBlockingWritePermit) || !begin(s, g, ret, 12, 4)) return;
  Moved moved = write_all(s, *stream, bytes);
  if (moved.how == How::kDone) moved = flush(s, *stream, true);
  put_done(s, std::move(moved));
}

void output_stream_flush(S& s, G g, u32 self, u32 ret) {
  const OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_done(s, flush(s, *stream, false));
}

void output_stream_blocking_flush(S& s, G g, u32 self, u32 ret) {
  const OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_done(s, flush(s, *stream, true));
}

u32 output_stream_subscribe(S& s, G /*g*/, u32 self) {
  const OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr) return 0;
  return make(s, pollable_of(s, *stream, Pollable::Awaits::kWritable), self);
}

void output_stream_write_zeroes(S& s, G g, u32 self, u64 size, u32 ret) {
  OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !permitted(s, size, kWritePermit) || !begin(s, g, ret, 12, 4)) return;
  put_done(s, write_zeroes(s, *stream, size));
}

void output_stream_blocking_write_zeroes(S& s, G g, u32 self, u64 size, u32 ret) {
  OutputStream* stream = need<OutputStream>(s, self);
  if (stream == nullptr || !permitted(s, size, kBlockingWritePermit) || !begin(s, g, ret, 12, 4)) {
    return;
  }
  Moved moved = write_zeroes(s, *stream, size);
  if (moved.how == How::kDone) moved = flush(s, *stream, true);
  put_done(s, std::move(moved));
}

void output_stream_splice(S& s, G g, u32 self, u32 source, u64 most, u32 ret) {
  splice(s, g, self, source, most, false, ret);
}

void output_stream_blocking_splice(S& s, G g, u32 self, u32 source, u64 most, u32 ret) {
  splice(s, g, self, source, most, true, ret);
}

}  // namespace ferry::wasi2
