// The options that run, serve, pack, compare and verify have in common.
#pragma once

#include "builder/function_options.h"

namespace CLI {
class App;
}

namespace ferry::commands {

using CommonOptions = builder::FunctionOptions;

// Declares --engine, --manifest, --timeout, --memory, --env, --env-file, --dir, --allow,
// --quiet.
void declare_common(CLI::App& app, CommonOptions& options);
// Declares --warm, for verbs that make snapshots.
void declare_warm(CLI::App& app, CommonOptions& options);

}  // namespace ferry::commands
