#include "serve/improver.h"

#include <csignal>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cgroup.h"

namespace ferry::serve {
namespace {

constexpr int kNice = 5;  // beside what the server has

std::string how_it_ended(int wait_status, std::chrono::seconds longest) {
  if (!WIFSIGNALED(wait_status)) {
    return fmt::format("its process ended with code {}", WEXITSTATUS(wait_status));
  }
  if (WTERMSIG(wait_status) == SIGALRM) {
    return fmt::format("it was not made within {} s", longest.count());
  }
  return fmt::format("its process was ended by signal {}", WTERMSIG(wait_status));
}

// A process that takes too much memory is the first that the kernel ends. Where all end with it,
// the server must not begin. A Go program of 4 MB takes 290 MiB; larger ones take more.
constexpr std::uint64_t kForSnapshot = 512ull << 20;

std::optional<std::string> why_no_room(const std::string& root) {
  const auto limit = memory_limit(root);
  if (!limit || *limit >= kForSnapshot || !are_ended_together(root)) return std::nullopt;
  return fmt::format(
      "no snapshot: making one may take {} MiB, memory is limited to {} MiB, and where it runs out "
      "all processes are ended (memory.oom.group)",
      kForSnapshot >> 20, *limit >> 20);
}

Change change_of(const Search& search) {
  Change change;
  change.function = static_cast<std::uint32_t>(search.function);
  change.what = search.what;
  return change;
}

}  // namespace

int search_from(std::size_t first, Provider& provider, const ImproverOptions& options, int sender) {
  const std::vector<Search> searches = provider.searches();
  const int usual = getpriority(PRIO_PROCESS, 0);
  for (std::size_t i = first; i < searches.size(); ++i) {
    Change change = change_of(searches[i]);
    if (searches[i].what == Improvement::kSnapshot) {
      setpriority(PRIO_PROCESS, 0, usual + kNice);
      if (auto why = why_no_room(options.root)) {
        change.words = *std::move(why);
        if (!send_change(sender, change).ok()) return 1;
        continue;
      }
    }
    alarm(static_cast<unsigned>(options.longest.count()));
    auto better = provider.find_better(searches[i], options.engine, options.key);
    alarm(0);
    if (better.ok()) {
      auto sealed = bundle::seal_bundle(better->bundle);
      change.words = sealed.ok() ? std::move(better->words) : sealed.error().text();
      if (sealed.ok()) change.bundle = *std::move(sealed);
    } else {
      change.words = better.error().text();
    }
    if (!send_change(sender, change).ok()) return 1;
  }
  return 0;
}

Improver::Improver(Provider& provider, ImproverOptions options, std::function<void(Change)> found)
    : provider_(provider),
      searches_(provider.searches()),
      options_(std::move(options)),
      found_(std::move(found)) {}

void Improver::start(std::function<void()> after_fork) {
  after_fork_ = std::move(after_fork);
  if (!searches_.empty()) fork_from(0);
}

void Improver::fork_from(std::size_t first) {
  next_ = first;
  auto pipe = make_message_pipe();
  if (!pipe.ok()) return;  // as good without
  const bool started = process_.start(after_fork_, [&] {
    receiver_.reset();
    pipe->receiver.reset();
    return search_from(first, provider_, options_, pipe->sender.get());
  });
  if (!started) return;
  receiver_ = std::move(pipe->receiver);
  fcntl(receiver_.get(), F_SETFL, O_NONBLOCK);
}

void Improver::take_all() {
  while (receiver_.valid()) {
    auto change = receive_change(receiver_.get());
    if (!change.ok() || !*change) return;
    if (next_ < searches_.size()) ++next_;
    found_(std::move(**change));
  }
}

void Improver::step() {
  if (process_.running()) take_all();
}

void Improver::on_end(pid_t pid, int wait_status) {
  if (!process_.has_ended(pid)) return;
  take_all();
  receiver_.reset();
  if (next_ >= searches_.size()) return;
  // What it was at work on ended it. The others have done nothing wrong.
  Change lost = change_of(searches_[next_]);
  lost.words = how_it_ended(wait_status, options_.longest);
  found_(std::move(lost));
  if (next_ + 1 < searches_.size()) fork_from(next_ + 1);
}

void Improver::stop() {
  process_.stop();
  receiver_.reset();
}

}  // namespace ferry::serve
