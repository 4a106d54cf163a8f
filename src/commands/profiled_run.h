// `ferry run --profile`: one event, and where the function's time goes.
#pragma once

#include <string>
#include <vector>

#include "engine/loader.h"
#include "event/event.h"
#include "function/function.h"
#include "host/outcome.h"

namespace ferry::commands {

// Writes NAME-profile.svg into the current folder and says on stderr what is in it. The outcome is
// that of the event's first run.
Result<host::Outcome> run_profiled(const function::Function& function,
                                   const engine::LoadedEngine& engine,
                                   const engine::EngineOptions& engine_options,
                                   const event::Event& event, const std::vector<std::string>& args);

}  // namespace ferry::commands
