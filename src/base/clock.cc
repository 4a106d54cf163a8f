#include "base/clock.h"

#include <fmt/format.h>
#include <sodium.h>
#include <time.h>  // clock_nanosleep

namespace ferry {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::time_point_cast<Nanoseconds>(std::chrono::system_clock::now());
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

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { randombytes_buf(bytes.data(), bytes.size()); }
};

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
  // Nanoseconds in 64 bits reach from 1678 to 2261; other years are held to whole seconds' range.
  if (y < 1678 || y > 2261) {
    return std::nullopt;
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(h) +
         std::chrono::minutes(mi - offset) + std::chrono::seconds(s) + Nanoseconds(fraction);
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
  auto days = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(days);
  std::chrono::hh_mm_ss<Nanoseconds> clock(time - days);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (auto fraction = clock.subseconds().count(); fraction != 0) {
    out += fmt::format(".{:09}", fraction);
    out.erase(out.find_last_not_of('0') + 1);
  }
  out += 'Z';
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
