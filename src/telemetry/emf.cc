#include "telemetry/emf.h"

#include <fmt/format.h>
#include <unistd.h>

#include "event/json_text.h"

namespace ferry::telemetry {

std::string emf_line(const std::string& function, const std::string& digest,
                     const host::Outcome& outcome, WallTime now) {
  const host::Usage& usage = outcome.usage;
  const double whole = usage.queue_us + usage.instantiate_us + usage.run_us + usage.teardown_us;
  return fmt::format(
      R"({{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"ferry","Dimensions":)"
      R"([["function"],["function","outcome"]],"Metrics":[{{"Name":"Events","Unit":"Count"}},)"
      R"({{"Name":"Duration","Unit":"Microseconds"}},{{"Name":"GuestDuration","Unit":)"
      R"("Microseconds"}},{{"Name":"Memory","Unit":"Bytes"}}]}}]}},"function":{},"outcome":"{}",)"
      R"("digest":{},"invocation":{},"Events":1,"Duration":{:.1f},"GuestDuration":{:.1f},)"
      R"("Memory":{}}})",
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count(),
      event::json_string(function), host::status_row(outcome.status).name,
      event::json_string(digest), event::json_string(outcome.invocation), whole, usage.run_us,
      usage.memory_bytes);
}

void EmfWriter::record(const host::Recorded& recorded) {
  const std::string line =
      emf_line(host::name_of(recorded.function), host::digest_of(recorded.function),
               recorded.outcome, system_clock().wall()) +
      '\n';
  // A log that nobody reads costs its line: serving goes on.
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace ferry::telemetry
