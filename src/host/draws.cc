#include "host/draws.h"

#include <algorithm>

#include "base/seeded.h"

namespace ferry::host {
namespace {

void keep(std::vector<std::int64_t>& readings, Nanoseconds reading, bool& cut) {
  if (readings.size() == Draws::kMostReadings) {
    cut = true;
    return;
  }
  readings.push_back(reading.count());
}

template <typename Kept>
void forget(Kept& kept) {
  constexpr std::size_t kMostRoom = 1024;
  kept.clear();
  if (kept.capacity() > kMostRoom) Kept().swap(kept);
}

}  // namespace

void Draws::clear() {
  forget(wall);
  forget(monotonic);
  forget(random);
  cut = false;
}

WallTime DrawRecorder::Watch::wall() const {
  const WallTime now = clock_.wall();
  keep(draws_.wall, now.time_since_epoch(), draws_.cut);
  return now;
}

Monotonic DrawRecorder::Watch::monotonic() const {
  const Monotonic now = clock_.monotonic();
  keep(draws_.monotonic, now.time_since_epoch(), draws_.cut);
  return now;
}

void DrawRecorder::Source::fill(std::span<std::uint8_t> bytes) {
  random_.fill(bytes);
  const std::size_t room = Draws::kMostRandom - draws_.random.size();
  draws_.cut |= bytes.size() > room;
  draws_.random.append(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), room));
}

DrawReplay::DrawReplay(const Draws& draws) : draws_(draws), clock_(*this), random_(*this) {
  last_wall_ = draws.wall.empty() ? 0 : draws.wall.front();
  last_monotonic_ = draws.monotonic.empty() ? 0 : draws.monotonic.front();
}

bool DrawReplay::used_up() const {
  return wall_at_ == draws_.wall.size() && monotonic_at_ == draws_.monotonic.size() &&
         random_at_ == draws_.random.size();
}

std::int64_t DrawReplay::next(const std::vector<std::int64_t>& kept, std::size_t& at,
                              std::int64_t& last) {
  constexpr std::int64_t kStep = 1000;
  if (at < kept.size()) {
    last = kept[at++];
  } else {
    ran_out_ = true;
    last = last > INT64_MAX - kStep ? last : last + kStep;
  }
  return last;
}

WallTime DrawReplay::Watch::wall() const {
  return WallTime(
      Nanoseconds(replay_.next(replay_.draws_.wall, replay_.wall_at_, replay_.last_wall_)));
}

WallTime DrawReplay::Watch::about() const { return WallTime(Nanoseconds(replay_.last_wall_)); }

Monotonic DrawReplay::Watch::monotonic() const {
  return Monotonic(Nanoseconds(
      replay_.next(replay_.draws_.monotonic, replay_.monotonic_at_, replay_.last_monotonic_)));
}

void DrawReplay::Source::fill(std::span<std::uint8_t> bytes) {
  const std::string& kept = replay_.draws_.random;
  const std::size_t there = std::min(bytes.size(), kept.size() - replay_.random_at_);
  std::copy_n(kept.begin() + static_cast<std::ptrdiff_t>(replay_.random_at_), there, bytes.begin());
  replay_.random_at_ += there;
  if (there < bytes.size()) {
    replay_.ran_out_ = true;
    SeededRandom(replay_.random_at_).fill(bytes.subspan(there));
  }
}

}  // namespace ferry::host
