#include "commands/exit_codes.h"

#include "base/exit_code.h"
#include "host/outcome.h"

namespace ferry::commands {

std::vector<ExitRow> exit_rows() {
  constexpr host::Status kOutcomes[] = {
      host::Status::kTrapped,        host::Status::kTimeout, host::Status::kOutOfMemory,
      host::Status::kOutputTooLarge, host::Status::kDenied,  host::Status::kRefused,
  };
  std::vector<ExitRow> rows = {
      {kExitOk, "it worked, or the answer is yes", "all verbs"},
      {kExitDifference,
       "the function failed, or the answer is no: a difference, a function that will not run, a "
       "build that failed, a platform that refused",
       "run; verify, replay, compare, check, build, deploy"},
      {kExitUsage, "the command line makes no sense", "all verbs"},
  };
  for (const host::Status status : kOutcomes) {
    const host::StatusRow& row = host::status_row(status);
    const bool cut = row.exit_code == kExitCut;
    rows.push_back({row.exit_code,
                    std::string("the event ended as ") + row.name +
                        (cut ? "; a server was ended before all of its requests were" : ""),
                    cut ? "run, serve" : "run"});
  }
  rows.push_back({kExitBroken, "broken: a fault of ferry or of an engine", "all verbs"});
  rows.push_back({kExitNoEngineOrFile,
                  "a file, a folder, an engine or a server is not there or cannot be reached",
                  "all verbs"});
  rows.push_back({kExitInvalid,
                  "it is there, and what is in it cannot be used: a ferry.toml with a wrong key, a "
                  "file that is not WebAssembly, a case file with a mistake",
                  "all verbs"});
  return rows;
}

}  // namespace ferry::commands
