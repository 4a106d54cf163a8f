// Single events given to a function under a clock and randomness of our own, so that only what is
// compared can make a difference.
#pragma once

#include <string>
#include <vector>

#include "builder/behaviour_diff.h"
#include "builder/function_options.h"
#include "bundle/artifact.h"
#include "bundle/bundle.h"
#include "engine/engine.h"
#include "function/function.h"
#include "snapshot/snapshot.h"

namespace ferry::builder {

// Gives each event to a new instance of the snapshot, and to one whose first state is that of a
// second start, with the same clock and the same randomness. kInvalid, naming the event, where they
// differ: the outcome depends on something that was drawn while starting.
Status compare_with_second_start(engine::Engine& engine, const Bundles& bundles,
                                 const function::Function& snapshot,
                                 const snapshot::SecondStart& other,
                                 const std::vector<Case>& cases);

// Which pages of the code in `bundle`, which was made of `function`, a new instance uses for one
// event, and for each file's data: the same each time, with a clock and randomness of its own and
// no directory granted. Only the speed of a start depends on it. kUnsupported where there is little
// code.
Result<std::vector<bundle::PageRun>> early_code(engine::Engine& engine,
                                                const function::Function& function,
                                                const bundle::Bundle& bundle,
                                                const std::vector<std::string>& case_files);

}  // namespace ferry::builder
