// The parent's side of one measurement.
#include "base/child.h"

#include <csignal>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

#include "base/this_program.h"
#include "compare/sample.h"

namespace ferry::compare {

Result<Sample> measure_in_child(const Task& task) {
  const ChildBounds bounds;  // ten minutes: a slow interpreter with a long function; more is a hang
  FERRY_TRY(const ChildEnd end,
            run_child(this_program(),
                      {"ferry", kMeasureVerb, task.kind, task.engine, task.function, task.manifest,
                       task.folder, task.data, std::to_string(task.threads),
                       std::to_string(task.budget_ms), std::to_string(getpid())},
                      -1, bounds));
  if (end.too_late || end.too_much) {
    return Error{Code::kLimit,
                 end.too_much
                     ? "it said more than a measurement is"
                     : "it did not end within " + std::to_string(bounds.wall.count() / 1000) + " s",
                 ""};
  }
  if (WIFSIGNALED(end.status)) {
    return Error{Code::kInternal,
                 std::string("its process was ended by ") + strsignal(WTERMSIG(end.status)) +
                     (end.err.empty() ? "" : ": " + end.err.substr(0, 500)),
                 ""};
  }
  if (!end.fine()) {
    return Error{Code::kInvalid, end.err.empty() ? "it failed silently" : end.err, ""};
  }
  return sample_from_json(std::string(as_text(end.out)));
}

}  // namespace ferry::compare
