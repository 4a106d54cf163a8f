// How the project in a folder is built: found from the files that its toolchain itself needs, so
// that `ferry build` works without a ferry.toml.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ferry::project {

// A program that the build runs.
struct Tool {
  std::string program;  // looked for in PATH
  std::string get;      // how to get it: a sentence for a person
};

struct Recipe {
  std::string marker;   // the file that showed it: "go.mod"
  std::string command;  // for the shell, run in the folder
  std::string wasm;     // what it writes, seen from the folder
  std::vector<Tool> tools;
};

// Nothing where no known project lies there. kInvalid where its own file cannot be read.
Result<std::optional<Recipe>> find_recipe(const std::string& folder);

// Whether a program is in PATH; passed in so that tests need none.
using FindProgram = std::function<bool(std::string_view program)>;
bool program_in_path(std::string_view program);

// kNotFound, naming the first tool that is missing and how to get it.
Status check_tools(const Recipe& recipe, const FindProgram& find);

}  // namespace ferry::project
