// Why a function will or will not run here, said so that its author can act on it: what `run`
// refuses with, and what `ferry check` lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "function/function.h"

namespace ferry::function {

struct Finding {
  enum class Kind : unsigned char {
    kStops,  // it cannot run
    kNote    // it runs; its author should know
  };
  Kind kind = Kind::kStops;
  std::string_view id;  // stable, for JSON and tests: "no-entry-point"
  std::string message;  // what is so
  std::string hint;     // what to change, or ""
};

// All there is to say, what stops it first. Empty: it runs and there is nothing to add.
std::vector<Finding> explain(const Function& function);

// The parts.
void explain_entry(const wasm::Binary& binary, std::vector<Finding>& out);
void explain_component(const wasm::Binary& binary, std::vector<Finding>& out);
void explain_memory(const wasm::Binary& binary, const Limits& limits, std::vector<Finding>& out);
void explain_tables(const wasm::Binary& binary, std::vector<Finding>& out);
void explain_imports(const wasm::Binary& binary, std::vector<Finding>& out);
void explain_linking(const wasm::Binary& binary, std::vector<Finding>& out);

}  // namespace ferry::function
