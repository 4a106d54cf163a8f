// What runs in the processes that `serve` forks: the one that compiles, and each worker.
#pragma once

#include "base/file.h"
#include "commands/ready.h"
#include "http/board.h"
#include "platforms/platform.h"

namespace ferry::commands {

struct ServeOptions {
  std::vector<std::string> paths;
  CommonOptions common;
  platforms::LogFormat log_format = platforms::LogFormat::kText;
  const platforms::Platform* platform = nullptr;  // that workers serve; of those called over HTTP
};

// All functions; two of one name are an error.
Result<std::vector<function::Function>> read_functions(const ServeOptions& options);

// Sees to it that the store has a bundle of each function. The error was printed by the child.
Status prepare_in_child(const std::vector<function::Function>& functions,
                        const ServeOptions& options);

// A worker's whole life; returns its exit code.
int serve_worker(const std::vector<function::Function>& functions, const ServeOptions& options,
                 Fd listener, http::Board& board, std::size_t index);

}  // namespace ferry::commands
