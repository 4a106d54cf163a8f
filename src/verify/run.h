// Runs cases on one engine, in this process: first by the host alone, which is the measure, then
// over every side's wire; and says where a side differs from the host, or the host from the case.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulators/emulator.h"
#include "host/host.h"
#include "verify/case.h"

namespace ferry::verify {

// A platform to go through: its emulator, or a real one.
struct Side {
  std::string name;
  const platforms::Emulation* platform = nullptr;
  // Makes the wire to a real one; empty: the emulator.
  std::function<std::unique_ptr<platforms::Wire>()> remote = {};
};

enum class State : unsigned char {
  kSame,
  kLost,  // the platform can't carry it, and what it carries is as documented
  kDiffers,
  kFailed,   // the platform's contract was broken, or no exchange came about
  kSkipped,  // not for this side
};
const char* state_name(State state);

struct SideResult {
  State state = State::kSkipped;
  std::optional<platforms::Difference> difference;  // kDiffers
  std::string why;                                  // kLost, kFailed, kSkipped
};

struct CaseResult {
  std::string name;
  platforms::Observed seen;  // by the host; of a native case its platform's answer, as `body`
  bool steady = true;        // the host said the same twice
  std::optional<platforms::Difference> unexpected;
  std::vector<SideResult> sides;  // in the order of the sides
};

// All borrowed.
struct RunContext {
  host::Host& host;
  // The function with these limits laid over its own.
  std::function<Result<std::shared_ptr<host::Loaded>>(const CaseLimits&)> load;
  const std::vector<Side>& sides;
  std::function<void(std::size_t exchanges)> progress = [](std::size_t) {};
  // The outcome of a case at another time, with other randomness; used where a side is remote.
  std::function<Result<platforms::Observed>(const Case&)> at_another_time = {};
  // The network that `load` gives the function, where any case has upstreams; else null.
  Upstreams* upstreams = nullptr;
};

// Runs each case that brings no upstreams once, on the first side where it is a native one, and
// gives it what `captured` says then. `context.upstreams` is not used.
Status capture_cases(const RunContext& context, std::vector<Case>& cases,
                     const std::function<Result<std::vector<Upstream>>()>& captured);

// An error when nothing could be run at all.
Result<std::vector<CaseResult>> run_cases(const RunContext& context,
                                          const std::vector<Case>& cases);

}  // namespace ferry::verify
