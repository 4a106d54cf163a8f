#include "http/connection.h"

#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

#include "http/writer.h"

namespace ferry::http {
namespace {

// Up to here a body is copied behind its head: cheaper than a second buffer in the write.
constexpr std::size_t kSmallBody = 16u << 10;
constexpr std::size_t kKeptOut = 64u << 10;

// A call that was interrupted is made again: no edge of epoll's would come for what it left.
template <typename Call>
ssize_t whole(Call call) {
  ssize_t size = 0;
  do {
    size = call();
  } while (size < 0 && errno == EINTR);
  return size;
}

Connection::Io io_of(ssize_t size) {
  if (size > 0) {
    return Connection::Io::kProgress;
  }
  if (size < 0 && errno == EAGAIN) {
    return Connection::Io::kWouldBlock;
  }
  return Connection::Io::kClosed;
}

}  // namespace

Connection::Connection(Fd socket, std::string name, const ReaderLimits& limits, Monotonic now)
    : fd(std::move(socket)), peer(std::move(name)), reader(limits), since(now) {}

Connection::Io Connection::read() {
  std::span<char> room = reader.room();
  const ssize_t size =
      whole([&] { return recv(fd.get(), room.data(), room.size(), MSG_DONTWAIT); });
  Io io = io_of(size);
  if (io == Io::kProgress) {
    reader.filled(static_cast<std::size_t>(size));
    // Less than asked for: the socket is empty, and an edge announces what comes next.
    readable = hung_up || static_cast<std::size_t>(size) == room.size();
  } else {
    readable = false;
  }
  return io;
}

Connection::Io Connection::flush() {
  while (pending()) {
    std::array<iovec, 2> parts{};
    std::size_t count = 0;
    if (sent_ < out_.size()) {
      parts[count++] = {out_.data() + sent_, out_.size() - sent_};
    }
    std::size_t body_sent = sent_ > out_.size() ? sent_ - out_.size() : 0;
    if (body_sent < out_body_.size()) {
      parts[count++] = {out_body_.data() + body_sent, out_body_.size() - body_sent};
    }
    ssize_t size = 0;
    if (count == 1) {
      size = whole([&] {
        return send(fd.get(), parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
      });
    } else {
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = count;
      size = whole([&] { return sendmsg(fd.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
    }
    Io io = io_of(size);
    if (io != Io::kProgress) {
      return io;
    }
    sent_ += static_cast<std::size_t>(size);
  }
  for (std::string* written : {&out_, &out_body_}) {
    written->clear();
    if (written->capacity() > kKeptOut) give_back(*written);
  }
  sent_ = 0;
  return Io::kProgress;
}

bool Connection::begin(const Response& answer) {
  const Head& head = reader.head();
  if (streams_ || head.minor_version == 0 || head.method == "HEAD" || is_bodyless(answer.status)) {
    return false;
  }
  streams_ = true;
  Framing framing;
  framing.keep_alive = head.keep_alive && !answer.close;
  framing.chunked = true;
  append_head(out_, answer, framing);
  flush();
  return true;
}

// What the peer does not take at once, or not at all, the leader finds pending.
void Connection::add(std::string_view piece) {
  append_chunk(out_, piece);
  flush();
}

void Connection::end_stream(Response& answer, bool last) {
  streams_ = false;
  const Head& head = reader.head();
  closing = answer.broken || !head.keep_alive || answer.close || last;
  if (!answer.broken) {
    append_chunk(out_, answer.body);
    answer.body.clear();
    if (!head.takes_trailers) answer.trailers.clear();
    append_trailers(out_, answer);
  }
  give_back(answer.body);
}

void Connection::answer(Response& answer, bool last) {
  if (streams_) return end_stream(answer, last);
  const Head& head = reader.head();
  bool refused = reader.state() == Reader::State::kRefused;
  Framing framing;
  framing.minor_version = refused ? 1 : head.minor_version;
  framing.keep_alive = !refused && head.keep_alive && !answer.close && !last;
  closing = !framing.keep_alive;
  bool no_body = is_bodyless(answer.status) || (!refused && head.method == "HEAD");
  framing.chunked = !answer.trailers.empty() && !no_body && !refused && head.takes_trailers;
  append_head(out_, answer, framing);
  if (framing.chunked) {
    std::string end;
    append_trailers(end, answer);
    answer.body += end;
  }
  if (!no_body) {
    if (answer.body.size() <= kSmallBody) {
      out_ += answer.body;
    } else {
      out_body_ = std::move(answer.body);
    }
  }
  answer.body.clear();
  if (answer.body.capacity() > kKeptOut) give_back(answer.body);
}

void Connection::say_continue() {
  out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  continued = true;
}

void Connection::make_request(Monotonic now) {
  const Head& head = reader.head();
  request_.method = head.method;
  request_.target = head.target;
  request_.minor_version = head.minor_version;
  request_.fields = head.fields;
  request_.body = reader.body();
  request_.trailers = reader.trailers();
  request_.peer = peer;
  request_.arrival = now;
  request_.socket = fd.get();
  request_.stream = this;
}

void Connection::start_lingering() {
  lingering = true;
  shutdown(fd.get(), SHUT_WR);
}

Connection::Io Connection::discard() {
  std::array<char, 16384> waste;
  for (int i = 0; i < 16; ++i) {
    const ssize_t size =
        whole([&] { return recv(fd.get(), waste.data(), waste.size(), MSG_DONTWAIT); });
    if (Io io = io_of(size); io != Io::kProgress) {
      return io;
    }
  }
  return Io::kProgress;
}

}  // namespace ferry::http
