// The quick tier: an interpreter, which takes a module as it is, answers a function that nobody has
// compiled yet, while the compiler runs. It must not show in an outcome, so it is used only for
// functions whose events leave no trace outside: an event for which the interpreter was too slow,
// or that it ended otherwise than the function itself would, is discarded and run again on compiled
// code.
#pragma once

#include <chrono>
#include <string_view>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "engine/loader.h"
#include "function/function.h"

namespace ferry::builder {

inline constexpr std::string_view kQuickEngine = "wasmi";

// The longest that an event may take there, before it is run on compiled code.
inline constexpr std::chrono::milliseconds kQuickPatience{1000};

// Whether the function may be answered so, and it takes long enough to compile that it pays.
bool may_answer_quickly(const function::Function& function);

Result<engine::LoadedEngine> make_quick_engine(const engine::EngineOptions& options);
// For the quick engine. Kept nowhere: it is made faster than it is read.
Result<bundle::Bundle> make_quick_bundle(const function::Function& function,
                                         const engine::Info& quick);

// Whether the store has the function for this engine.
bool is_stored(const function::Function& function, const engine::Info& engine);
// Compiles it into the store in a process that may outlive this one, and says nothing. Forks: only
// for a process that has one thread.
void compile_behind(const function::Function& function, const engine::Info& engine,
                    const engine::EngineOptions& options);

}  // namespace ferry::builder
