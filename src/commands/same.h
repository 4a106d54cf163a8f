// Whether two functions behave the same: the same events to both, their outcomes field by field.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "function/function.h"

namespace ferry::commands {

// Sends generated events and those of `case_files` (an event's data each) to both, several times.
// A difference is kInvalid naming the event and both sides. What the original itself does
// differently from run to run is compared by status alone. Returns words for the user.
Result<std::string> compare_functions(engine::Engine& engine, const engine::EngineOptions& options,
                                      const function::Function& original,
                                      const function::Function& other,
                                      const std::vector<std::string>& case_files);

}  // namespace ferry::commands
