#include "base/clock.h"

#include <array>
#include <atomic>
#include <cstring>

#include <fmt/format.h>
#include <pthread.h>
#include <sodium.h>
#include <time.h>  // clock_nanosleep

namespace ferry {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::time_point_cast<Nanoseconds>(std::chrono::system_clock::now());
  }
  WallTime about() const override {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return WallTime(std::chrono::seconds(now.tv_sec) + Nanoseconds(now.tv_nsec));
  }
  Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
  void sleep_until(Monotonic until) const override {
    auto since = until.time_since_epoch();
    auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    timespec at{static_cast<time_t>(seconds.count()),
                static_cast<long>(Nanoseconds(since - seconds).count())};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
    }
  }
};

// Counts the forks behind this process: a child must not hand out what its parent holds in store.
std::atomic<unsigned> forks{0};
void count_fork() { forks.fetch_add(1, std::memory_order_relaxed); }

// A system call for 16 bytes costs as much as one for some hundred, and every event takes several
// ids: small requests are served from a store of the thread's own, and wiped there.
class Store {
 public:
  void take(std::span<std::uint8_t> bytes) {
    unsigned now = forks.load(std::memory_order_relaxed);
    if (left_ < bytes.size() || forks_ != now) {
      randombytes_buf(store_.data(), store_.size());
      left_ = store_.size();
      forks_ = now;
    }
    left_ -= bytes.size();
    std::uint8_t* from = store_.data() + left_;
    std::memcpy(bytes.data(), from, bytes.size());
    std::memset(from, 0, bytes.size());
  }

 private:
  std::array<std::uint8_t, 512> store_{};
  std::size_t left_ = 0;
  unsigned forks_ = 0;
};

class SystemRandom final : public Random {
 public:
  SystemRandom() : watches_forks_(pthread_atfork(nullptr, nullptr, count_fork) == 0) {}

  void fill(std::span<std::uint8_t> bytes) override {
    if (bytes.size() > kSmall || !watches_forks_) {
      randombytes_buf(bytes.data(), bytes.size());
      return;
    }
    thread_local Store store;
    store.take(bytes);
  }

 private:
  static constexpr std::size_t kSmall = 64;
  bool watches_forks_;
};

// The last `digits` decimal digits of a value that is not negative.
template <typename Value>
void put_number(char* to, int digits, Value value) {
  for (int i = digits - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  }
}

// Reads exactly `digits` decimal digits off the front.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) {
    return false;
  }
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return false;
    }
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// "Z" or "+hh:mm"; the offset in minutes.
bool take_offset(std::string_view& text, int& minutes) {
  if (take(text, 'Z') || take(text, 'z')) {
    minutes = 0;
    return true;
  }
  int sign = take(text, '-') ? -1 : (take(text, '+') ? 1 : 0);
  int hour = 0;
  int minute = 0;
  if (sign == 0 || !take_number(text, 2, hour) || !take(text, ':') ||
      !take_number(text, 2, minute) || hour > 23 || minute > 59) {
    return false;
  }
  minutes = sign * (hour * 60 + minute);
  return true;
}

std::optional<WallTime> parse(std::string_view text) {
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  int y = 0;
  int mo = 0;
  int d = 0;
  int h = 0;
  int mi = 0;
  int s = 0;
  if (!take_number(text, 4, y) || !take(text, '-') || !take_number(text, 2, mo) ||
      !take(text, '-') || !take_number(text, 2, d) || !(take(text, 'T') || take(text, 't')) ||
      !take_number(text, 2, h) || !take(text, ':') || !take_number(text, 2, mi) ||
      !take(text, ':') || !take_number(text, 2, s)) {
    return std::nullopt;
  }
  std::int64_t fraction = 0;
  if (take(text, '.')) {
    int digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      if (digits < 9) {
        fraction = fraction * 10 + (text.front() - '0');
      }
      ++digits;
      text.remove_prefix(1);
    }
    if (digits == 0) {
      return std::nullopt;
    }
    for (; digits < 9; ++digits) {
      fraction *= 10;
    }
  }
  int offset = 0;
  if (!take_offset(text, offset) || !text.empty()) {
    return std::nullopt;
  }
  std::chrono::year_month_day date{year(y), month(static_cast<unsigned>(mo)),
                                   day(static_cast<unsigned>(d))};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) {
    return std::nullopt;
  }
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto midnight = std::chrono::seconds(std::chrono::sys_days(date).time_since_epoch());
  std::int64_t seconds = midnight.count() + h * 3600 + (mi - offset) * 60 + s;
  if (seconds < 0 && fraction > 0) {  // towards zero, so that the product fits where the sum does
    ++seconds;
    fraction -= kSecond;
  }
  // Nanoseconds in 64 bits reach from 1677 to 2262, both in part.
  std::int64_t all = 0;
  if (__builtin_mul_overflow(seconds, kSecond, &all) ||
      __builtin_add_overflow(all, fraction, &all)) {
    return std::nullopt;
  }
  return WallTime(Nanoseconds(all));
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

Random& system_random() {
  static SystemRandom random;
  return random;
}

std::string to_rfc3339(WallTime time) {
  // One is made for every event, often several: hence by hand. Nanoseconds in 64 bits reach from
  // 1677 to 2262, so the year has four digits.
  auto days = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(days);
  std::chrono::hh_mm_ss<Nanoseconds> clock(time - days);
  std::string out = "0000-00-00T00:00:00.000000000Z";
  char* text = out.data();
  put_number(text, 4, static_cast<int>(date.year()));
  put_number(text + 5, 2, static_cast<unsigned>(date.month()));
  put_number(text + 8, 2, static_cast<unsigned>(date.day()));
  put_number(text + 11, 2, clock.hours().count());
  put_number(text + 14, 2, clock.minutes().count());
  put_number(text + 17, 2, clock.seconds().count());
  put_number(text + 20, 9, clock.subseconds().count());
  std::size_t end = out.size() - 1;
  while (out[end - 1] == '0') {
    --end;
  }
  if (out[end - 1] == '.') {
    --end;
  }
  out[end] = 'Z';
  out.resize(end + 1);
  return out;
}

Result<WallTime> from_rfc3339(std::string_view text) {
  if (auto time = parse(text)) {
    return *time;
  }
  return Error{Code::kInvalid, fmt::format("'{}' is not an RFC 3339 time", text.substr(0, 64)),
               "for example 2026-11-22T13:04:05Z"};
}

}  // namespace ferry
