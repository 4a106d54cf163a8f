#include "serve/change.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/event_fd.h"
#include "base/thread.h"

namespace ferry::serve {
namespace {

// Fits into one message of a socket with the usual buffers.
constexpr std::size_t kMostWords = 16u << 10;

// As it travels, before the words. The same program is on both sides.
struct Head {
  std::uint32_t function;
  std::uint32_t what;
};

// Room for the one descriptor that travels with a message.
union Control {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

// The descriptors that came with a message. More than one cannot: there is no room for it.
Fd descriptor_of(msghdr& message) {
  Fd out;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each), sizeof fd);
      out = Fd(fd);
    }
  }
  return out;
}

}  // namespace

Result<ChangePipe> make_change_pipe() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_error("make a socket pair", errno);
  }
  return ChangePipe{Fd(ends[0]), Fd(ends[1])};
}

Status send_change(int sender, const Change& change) {
  Head head{change.function, static_cast<std::uint32_t>(change.what)};
  std::string words = change.words.substr(0, kMostWords);
  std::array<iovec, 2> parts{{{&head, sizeof head}, {words.data(), words.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  Control control{};
  if (change.bundle.valid()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = change.bundle.get();
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  while (sendmsg(sender, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EAGAIN) return Error{Code::kBusy, "too many changes wait to be taken", ""};
    if (errno != EINTR) return errno_error("pass on a change", errno);
  }
  return Done{};
}

Result<std::optional<Change>> receive_change(int receiver) {
  Change change;
  Head head{};
  std::string words(kMostWords, '\0');
  std::array<iovec, 2> parts{{{&head, sizeof head}, {words.data(), words.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  Control control{};
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t got = 0;
  while ((got = recvmsg(receiver, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (got < 0 && errno == EAGAIN) return std::optional<Change>();
  if (got < 0) return errno_error("receive a change", errno);
  change.bundle = descriptor_of(message);
  if (got == 0) return std::optional<Change>();
  if (static_cast<std::size_t>(got) < sizeof head ||
      head.what > static_cast<std::uint32_t>(Improvement::kSnapshot) ||
      (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return Error{Code::kInvalid, "not a change", ""};
  }
  change.function = head.function;
  change.what = static_cast<Improvement>(head.what);
  words.resize(static_cast<std::size_t>(got) - sizeof head);
  change.words = std::move(words);
  return std::optional(std::move(change));
}

Result<Changes> Changes::make(std::size_t functions, std::size_t workers) {
  Changes changes;
  changes.latest_.resize(functions);
  for (std::size_t i = 0; i < workers; ++i) {
    FERRY_TRY(ChangePipe pipe, make_change_pipe());
    changes.pipes_.push_back(std::move(pipe));
  }
  return changes;
}

Status Changes::publish(Change change) {
  Status all = Done{};
  for (const ChangePipe& pipe : pipes_) {
    if (Status sent = send_change(pipe.sender.get(), change); !sent.ok()) all = std::move(sent);
  }
  const std::size_t at = change.function;
  if (at != Change::kLog) latest_[at] = std::move(change);
  return all;
}

Changes::Adopted Changes::adopt(std::size_t worker) {
  Adopted out;
  out.receiver = std::move(pipes_[worker].receiver);
  pipes_.clear();
  // What was meant for this worker's predecessor is among the latest.
  fcntl(out.receiver.get(), F_SETFL, O_NONBLOCK);
  for (;;) {
    auto before = receive_change(out.receiver.get());
    if (!before.ok() || !*before) break;
    // Sent after this process was made, and before it came here.
    if ((*before)->function == Change::kLog) out.before.push_back(std::move(**before));
  }
  for (std::optional<Change>& each : latest_) {
    if (each) out.before.push_back(*std::move(each));
  }
  latest_.clear();
  return out;
}

Result<std::unique_ptr<ChangeReceiver>> ChangeReceiver::make(int receiver,
                                                             std::function<void(Change)> apply,
                                                             std::function<void()> at_end) {
  Fd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop.valid()) return errno_error("make an eventfd", errno);
  std::unique_ptr<ChangeReceiver> made(
      new ChangeReceiver(receiver, std::move(stop), std::move(apply), std::move(at_end)));
  FERRY_TRY(made->thread_, start_side_thread([self = made.get()] { self->run(); }));
  return made;
}

ChangeReceiver::ChangeReceiver(int receiver, Fd stop, std::function<void(Change)> apply,
                               std::function<void()> at_end)
    : receiver_(receiver),
      stop_(std::move(stop)),
      apply_(std::move(apply)),
      at_end_(std::move(at_end)) {}

ChangeReceiver::~ChangeReceiver() {
  raise_event(stop_.get());
  if (thread_.joinable()) thread_.join();
}

void ChangeReceiver::run() {
  for (;;) {
    std::array<pollfd, 2> watched{{{receiver_, POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    if (watched[0].revents == 0) continue;
    auto change = receive_change(receiver_);
    if (change.ok() && *change) {
      apply_(std::move(**change));
    } else if (change.ok() && (watched[0].revents & POLLHUP) != 0) {
      if (at_end_) at_end_();
      return;
    }
  }
}

}  // namespace ferry::serve
