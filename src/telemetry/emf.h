// Metrics for Amazon CloudWatch without a collector: one line of JSON an event in the embedded
// metric format ("Specification: Embedded metric format"), which CloudWatch finds in the log. Asked
// for by FERRY_METRICS=emf.
#pragma once

#include <string>

#include "base/clock.h"
#include "host/recorder.h"

namespace ferry::telemetry {

inline constexpr char kMetricsVariable[] = "FERRY_METRICS";

// The line, without its end.
std::string emf_line(const std::string& function, const std::string& digest,
                     const host::Outcome& outcome, WallTime now);

class EmfWriter final : public host::Recorder {
 public:
  // Each line is written at once, so that those of several threads stay whole.
  explicit EmfWriter(int fd) : fd_(fd) {}
  Wish wish() override { return Wish::kUsage; }
  void record(const host::Recorded& recorded) override;

 private:
  int fd_;
};

}  // namespace ferry::telemetry
