#include "serve/change.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

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

}  // namespace

Status send_change(int sender, const Change& change) {
  const Head head{change.function, static_cast<std::uint32_t>(change.what)};
  const std::string_view words = std::string_view(change.words).substr(0, kMostWords);
  Bytes bytes(sizeof head + words.size());
  std::memcpy(bytes.data(), &head, sizeof head);
  std::ranges::copy(words, bytes.begin() + sizeof head);
  return send_message(sender, bytes, change.bundle.get(), WhenFull::kBusy, "change");
}

Result<std::optional<Change>> receive_change(int receiver) {
  Head head{};
  FERRY_TRY(auto message, receive_message(receiver, sizeof head + kMostWords, "change"));
  if (!message) return std::optional<Change>();
  const Bytes& bytes = message->bytes;
  if (bytes.size() >= sizeof head) std::memcpy(&head, bytes.data(), sizeof head);
  if (bytes.size() < sizeof head ||
      head.what > static_cast<std::uint32_t>(Improvement::kSnapshot)) {
    return Error{Code::kInvalid, "not a change", ""};
  }
  return std::optional(Change{head.function,
                              static_cast<Improvement>(head.what),
                              {bytes.begin() + sizeof head, bytes.end()},
                              std::move(message->file)});
}

Result<Changes> Changes::make(std::size_t functions, std::size_t workers) {
  Changes changes;
  changes.latest_.resize(functions);
  for (std::size_t i = 0; i < workers; ++i) {
    FERRY_TRY(MessagePipe pipe, make_message_pipe());
    changes.pipes_.push_back(std::move(pipe));
  }
  return changes;
}

Status Changes::publish(Change change) {
  Status all = Done{};
  for (const MessagePipe& pipe : pipes_) {
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
