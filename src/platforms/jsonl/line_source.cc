#include "platforms/jsonl/line_source.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/file.h"

namespace ferry::platforms::jsonl {
namespace {

constexpr std::size_t kRead = 64u << 10;

}  // namespace

LineSource::LineSource(int in, int out, int stop_fd, std::size_t max_line, const Clock& clock)
    : in_(in), out_(out), stop_fd_(stop_fd), max_line_(max_line), clock_(clock) {}

Result<bool> LineSource::fill() {
  std::array<pollfd, 2> watched{{{in_, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
  while (poll(watched.data(), watched.size(), -1) < 0) {
    if (errno != EINTR) {
      return errno_error("wait for standard input", errno);
    }
  }
  if (watched[1].revents != 0) {
    return false;
  }
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kRead);
  const ssize_t got = read(in_, buffer_.data() + before, kRead);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0 && errno != EINTR && errno != EAGAIN) {
    return errno_error("read standard input", errno);
  }
  ended_ = got == 0;
  return !ended_;
}

Result<std::optional<serve::Delivery>> LineSource::next() {
  for (std::size_t searched = 0;;) {
    const std::size_t end = buffer_.find('\n', searched);
    const bool last = end == std::string::npos && ended_;
    if (end != std::string::npos || (last && !buffer_.empty())) {
      ++line_;
      serve::Delivery delivery;
      delivery.payload = buffer_.substr(0, end);
      buffer_.erase(0, last ? end : end + 1);
      if (delivery.payload.ends_with('\r')) {
        delivery.payload.pop_back();
      }
      searched = 0;
      if (delivery.payload.empty()) {
        continue;
      }
      delivery.id = fmt::format("line-{}", line_);
      delivery.arrival = clock_.monotonic();
      return std::optional(std::move(delivery));
    }
    if (last) {
      return std::optional<serve::Delivery>();
    }
    if (buffer_.size() > max_line_) {
      return Error{
          Code::kLimit,
          fmt::format("line {} of standard input has more than {} bytes", line_ + 1, max_line_),
          "raise [limits] input, or write one event a line"};
    }
    searched = buffer_.size();
    FERRY_TRY(const bool more, fill());
    if (!more && !ended_) {
      return std::optional<serve::Delivery>();
    }
  }
}

Status LineSource::settle(const serve::Delivery& /*delivery*/, const serve::Answer& answer) {
  return write_all(out_, as_bytes(answer.body + "\n"), "standard output");
}

}  // namespace ferry::platforms::jsonl
