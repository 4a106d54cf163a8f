#include "serve/log_queue.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/thread.h"

namespace ferry::serve {
namespace {

constexpr std::size_t kUrgent = 64u << 10;

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

}  // namespace

struct LogQueue::State {
  LineOutput& output;
  std::atomic<std::uint64_t>& dropped;
  const std::string program;

  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting;
  std::size_t unwritten = 0;     // bytes: those that wait and those in the thread's hand
  std::uint64_t unreported = 0;  // dropped lines that no line has reported yet
  bool started = false;
  bool ending = false;
  bool ended = false;
  bool reader_hangs = false;  // a wait for it ran into its limit
  std::atomic<bool> give_up{false};

  void drop(std::uint64_t lines) {
    dropped.fetch_add(lines, std::memory_order_relaxed);
    unreported += lines;
  }
  bool report(std::uint64_t lines) {
    const std::string text =
        fmt::format("{}: {} log lines were dropped: nobody read them in time\n", program, lines);
    return output.write(text, give_up) == text.size();
  }
};

LogQueue::LogQueue(LineOutput& output, std::atomic<std::uint64_t>& dropped, std::string program)
    : state_(new State{output, dropped, std::move(program), {}, {}, {}}) {}

LogQueue::~LogQueue() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
  if (!state_->started) return;
  state_->changed.wait_for(lock, kPatience, [&] { return state_->ended; });
  state_->give_up.store(true);
  state_->changed.wait_for(lock, kPatience, [&] { return state_->ended; });
}

bool LogQueue::push(std::string_view lines, bool urgent) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  const std::size_t room = kMost + (urgent ? kUrgent : 0);
  if (!state.started) {
    // Where there are no threads left, the next lines try again.
    if (auto started = start_side_thread([state = state_] { work(state); }); started.ok()) {
      started->detach();
      state.started = true;
    }
  }
  // Where nothing waits, one event's lines are taken whatever their size, which [limits] log
  // bounds.
  const bool full = !state.waiting.empty() && state.waiting.size() + lines.size() > room;
  if (!state.started || full) {
    state.drop(count_lines(lines));
    return false;
  }
  const bool idle = state.unwritten == 0;
  state.waiting += lines;
  state.unwritten += lines.size();
  if (idle) state.changed.notify_all();
  return true;
}

bool LogQueue::push_now(std::string_view lines, bool urgent) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->unwritten == 0 && state_->output.try_write(lines)) return true;
  }
  return push(lines, urgent);
}

void LogQueue::wait_until_written() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.reader_hangs) return;
  state.reader_hangs =
      !state.changed.wait_for(lock, kPatience, [&] { return state.unwritten == 0; });
}

void LogQueue::work(const std::shared_ptr<State>& shared) {
  State& state = *shared;
  std::string lines;
  std::unique_lock lock(state.mutex);
  while (true) {
    state.changed.wait(lock, [&] { return state.ending || !state.waiting.empty(); });
    if (state.waiting.empty() || state.give_up.load()) break;
    lines.clear();
    lines.swap(state.waiting);
    const std::size_t size = lines.size();
    const std::uint64_t unreported = state.program.empty() ? 0 : state.unreported;
    lock.unlock();
    const bool reported = unreported > 0 && state.report(unreported);
    const std::size_t written = state.output.write(lines, state.give_up);
    lock.lock();
    if (reported) state.unreported -= unreported;
    if (written < lines.size()) state.drop(count_lines(std::string_view(lines).substr(written)));
    if (lines.capacity() > kMost / 4) lines = std::string();
    state.unwritten -= size;
    if (state.unwritten == 0) {
      state.reader_hangs = false;
      state.changed.notify_all();
    }
  }
  state.ended = true;
  state.changed.notify_all();
}

}  // namespace ferry::serve
