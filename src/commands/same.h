// Whether two functions behave the same: the same events to both, their outcomes field by field.
#pragma once

#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "event/event.h"
#include "function/function.h"
#include "snapshot/snapshot.h"

namespace ferry::commands {

struct Case {
  std::string name;
  event::Event event;
};

// The name of the generated case that is most like the events a function is for; always there.
inline constexpr char kPlainCase[] = "object";

// Generated ones, and one for each file (an event's data).
Result<std::vector<Case>> make_cases(const std::vector<std::string>& files);

// Sends generated events and those of `case_files` (an event's data each) to both, several times.
// A difference is kInvalid naming the event and both sides. What the original itself does
// differently from run to run is compared by status alone. Returns words for the user.
Result<std::string> compare_functions(engine::Engine& engine, const engine::EngineOptions& options,
                                      const function::Function& original,
                                      const function::Function& other,
                                      const std::vector<std::string>& case_files);

// Gives each event to a new instance of the snapshot, and to one whose first state is the twin's,
// with the same clock and the same randomness. kInvalid, naming the event, where they differ: the
// outcome hangs on something that was drawn while starting.
Status compare_with_twin(engine::Engine& engine, const engine::EngineOptions& options,
                         const function::Function& snapshot, const snapshot::Twin& twin,
                         const std::vector<std::string>& case_files);

// Which pages of the code in `bundle`, which was made of `function`, a new instance uses for one
// event, and for each file's data: the same each time, with a clock and randomness of its own and
// no directory granted. Only the speed of a start depends on it. kUnsupported where there is little
// code.
Result<std::vector<bundle::PageRun>> early_code(engine::Engine& engine,
                                                const function::Function& function,
                                                const bundle::Bundle& bundle,
                                                const std::vector<std::string>& case_files);

}  // namespace ferry::commands
