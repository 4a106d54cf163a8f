// What one guest draws from its clocks and from randomness: written down while it runs, or given
// to it again as it was written down.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace ferry::host {

// In the order in which they were drawn. More than the bounds is not kept.
struct Draws {
  static constexpr std::size_t kMostReadings = 65'536;  // of each clock
  static constexpr std::size_t kMostRandom = 1u << 20;  // bytes

  std::vector<std::int64_t> wall;       // nanoseconds since 1970-01-01T00:00:00Z
  std::vector<std::int64_t> monotonic;  // nanoseconds since some point that is the same for all
  std::string random;
  bool cut = false;  // there was more than is kept here

  // Keeps the capacity, but not that of much more than guests usually draw.
  void clear();
  bool empty() const { return wall.empty() && monotonic.empty() && random.empty(); }
};

// Passes on what the host's own sources give, and keeps it. One guest, one thread.
class DrawRecorder {
 public:
  // Both borrowed. `room` is forgotten, but for its capacity.
  DrawRecorder(const Clock& clock, Random& random, Draws room = {})
      : draws_(std::move(room)), clock_(clock, draws_), random_(random, draws_) {
    draws_.clear();
  }
  const Clock& clock() const { return clock_; }
  Random& random() { return random_; }
  const Draws& draws() const { return draws_; }
  // When the guest has ended.
  Draws take() { return std::move(draws_); }

 private:
  class Watch final : public Clock {
   public:
    Watch(const Clock& clock, Draws& draws) : clock_(clock), draws_(draws) {}
    WallTime wall() const override;
    WallTime about() const override { return clock_.about(); }
    Monotonic monotonic() const override;
    void sleep_until(Monotonic until) const override { clock_.sleep_until(until); }

   private:
    const Clock& clock_;
    Draws& draws_;
  };
  class Source final : public Random {
   public:
    Source(Random& random, Draws& draws) : random_(random), draws_(draws) {}
    void fill(std::span<std::uint8_t> bytes) override;

   private:
    Random& random_;
    Draws& draws_;
  };

  Draws draws_;
  Watch clock_;
  Source random_;
};

// Gives again what was kept. Sleeping takes no time. A guest that asks for more than was kept has
// diverged: it gets a clock that advances by a microsecond a reading and seeded randomness,
// and ran_out() says so. One guest, one thread.
class DrawReplay {
 public:
  explicit DrawReplay(const Draws& draws);  // borrowed
  const Clock& clock() const { return clock_; }
  Random& random() { return random_; }
  bool ran_out() const { return ran_out_; }
  // Whether all that was kept was asked for.
  bool used_up() const;

 private:
  class Watch final : public Clock {
   public:
    explicit Watch(DrawReplay& replay) : replay_(replay) {}
    WallTime wall() const override;
    WallTime about() const override;
    Monotonic monotonic() const override;
    void sleep_until(Monotonic /*until*/) const override {}

   private:
    DrawReplay& replay_;
  };
  class Source final : public Random {
   public:
    explicit Source(DrawReplay& replay) : replay_(replay) {}
    void fill(std::span<std::uint8_t> bytes) override;

   private:
    DrawReplay& replay_;
  };
  // The next of `kept`, or `last` and a little more.
  std::int64_t next(const std::vector<std::int64_t>& kept, std::size_t& at, std::int64_t& last);

  const Draws& draws_;
  std::size_t wall_at_ = 0;
  std::size_t monotonic_at_ = 0;
  std::size_t random_at_ = 0;
  std::int64_t last_wall_ = 0;
  std::int64_t last_monotonic_ = 0;
  bool ran_out_ = false;
  Watch clock_;
  Source random_;
};

}  // namespace ferry::host
