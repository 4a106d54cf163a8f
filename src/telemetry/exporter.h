// Sends what happened to a collector, beside serving: an event only puts its spans into a bounded
// queue. A collector that is slow, hangs or is gone costs spans, which are counted, and never time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "host/recorder.h"
#include "telemetry/settings.h"

namespace ferry::telemetry {

class Exporter final : public host::Recorder {
 public:
  static constexpr std::size_t kMostQueued = 2048;  // events
  static constexpr std::size_t kMostInRequest = 256;
  static constexpr std::chrono::milliseconds kPause{1000};  // between requests
  // What a program that ends waits for the last request.
  static constexpr std::chrono::milliseconds kLast{1000};

  // `program` begins the one warning about a collector that does not take them.
  Exporter(Settings settings, std::string program);
  ~Exporter() override;

  Wish wish() override { return Wish::kUsage; }
  void record(const host::Recorded& recorded) override;

  std::uint64_t dropped() const;

 private:
  class Core;  // outlives this where a collector holds its thread up
  std::shared_ptr<Core> core_;
};

}  // namespace ferry::telemetry
