#include "serve/line_output.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <new>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/process_lock.h"

namespace ferry::serve {
namespace {

constexpr std::size_t kPiece = 64u << 10;  // of a write to anything but a pipe
constexpr int kLookMs = 100;               // while waiting: at `give_up`

// The longest front of `lines` that is whole lines and at most `most` bytes; or, where the first
// line alone is longer, that line.
std::string_view whole_lines(std::string_view lines, std::size_t most) {
  if (lines.size() <= most) return lines;
  const std::size_t end = lines.rfind('\n', most - 1);
  return lines.substr(0, end != std::string_view::npos ? end + 1 : lines.find('\n') + 1);
}

}  // namespace

// Another process may have written anything into it.
struct LineOutput::Shared {
  ProcessLock lock;
  std::atomic<bool> within_line{false};
};

Result<std::unique_ptr<LineOutput>> LineOutput::make(int fd) {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return errno_error("map memory for the log's lock", errno);
  }
  return std::unique_ptr<LineOutput>(new LineOutput(fd, new (memory) Shared{}));
}

LineOutput::LineOutput(int fd, Shared* shared) : fd_(fd), shared_(shared) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return;
  if (S_ISSOCK(info.st_mode)) {
    kind_ = Kind::kSocket;
  } else if (S_ISFIFO(info.st_mode) || isatty(fd) == 1) {
    kind_ = Kind::kPipe;
    // O_NONBLOCK on the descriptor itself would hold for all programs that write there.
    reopened_ = Fd(open(fmt::format("/proc/self/fd/{}", fd).c_str(),
                        O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    may_block_ = !reopened_.valid();
    if (!may_block_) fd_ = reopened_.get();
  }
}

LineOutput::~LineOutput() { munmap(shared_, sizeof(Shared)); }

void LineOutput::let_go(pid_t dead) { shared_->lock.let_go(dead); }

bool LineOutput::wait(int timeout_ms) const {
  pollfd watched{fd_, POLLOUT, 0};
  return poll(&watched, 1, timeout_ms) != 0;
}

// As write(2), and never waits; -EAGAIN, or another error negated.
long LineOutput::put(std::string_view bytes) const {
  if (may_block_ && !wait(0)) return -EAGAIN;
  const ssize_t size = kind_ == Kind::kSocket
                           ? send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                           : ::write(fd_, bytes.data(), bytes.size());
  return size < 0 ? -errno : size;
}

bool LineOutput::try_write(std::string_view lines) {
  if (lines.empty()) return true;
  const ProcessLockGuard hold(shared_->lock);
  if (!hold.held() || lines.size() > PIPE_BUF || shared_->within_line.load()) return false;
  const long put_now = put(lines);
  // A socket may have taken a part; what is lost then is the rest of these lines.
  if (put_now > 0 && static_cast<std::size_t>(put_now) < lines.size()) {
    shared_->within_line.store(lines[static_cast<std::size_t>(put_now) - 1] != '\n');
  }
  return put_now != -EAGAIN && put_now != -EINTR;
}

std::size_t LineOutput::write(std::string_view lines, const std::atomic<bool>& give_up) {
  std::size_t written = 0;
  while (!lines.empty() && !give_up.load()) {
    const ProcessLockGuard hold(shared_->lock, std::chrono::milliseconds(kLookMs));
    if (!hold.held()) continue;
    if (shared_->within_line.load()) {
      // What a process that died left of its line. A full pipe takes no line end either.
      if (const long ended = put("\n"); ended == -EAGAIN || ended == -EINTR) {
        wait(kLookMs);
        continue;
      }
      shared_->within_line.store(false);
    }
    const std::size_t most = kind_ == Kind::kPipe ? PIPE_BUF : kPiece;
    std::string_view piece = whole_lines(lines, most);
    const std::size_t size = piece.size();
    const bool in_parts = kind_ != Kind::kPipe || size > PIPE_BUF;
    // Before the first part, so that it is known whenever this process dies.
    if (in_parts) shared_->within_line.store(true);
    while (!piece.empty()) {
      // A blocking pipe takes up to PIPE_BUF bytes at once where poll(2) says that it has room.
      const long put_now = put(piece.substr(0, kind_ == Kind::kPipe ? PIPE_BUF : piece.size()));
      if (put_now > 0) {
        piece.remove_prefix(static_cast<std::size_t>(put_now));
      } else if (put_now == -EAGAIN || put_now == -EINTR) {
        if (give_up.load()) return written;
        wait(kLookMs);
      } else {
        return written;
      }
    }
    if (in_parts) shared_->within_line.store(false);
    written += size;
    lines.remove_prefix(size);
  }
  return written;
}

}  // namespace ferry::serve
