// The code section: read for what it uses, and rewritten.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "wasm/prepare.h"
#include "wasm/reader.h"

namespace ferry::wasm {

// What to put into each body, in terms of the new module's indices.
struct CodePlan {
  bool rewrite = false;                   // else the code is only read
  bool keep_grow = false;                 // leave memory.grow as it is; else:
  std::uint32_t grow = 0;                 //   the function that takes its place
  bool poll = false;                      // also:
  std::uint32_t poll_function = 0;        //   what to call when the budget is used up
  std::uint32_t poll_global = 0;          //   the budget: an i32
  std::uint32_t shift_from = UINT32_MAX;  // functions from here on have moved up by one
  // Functions that stand for imports, by the import's index; kKept: the import itself.
  std::vector<std::uint32_t> in_place = {};
  static constexpr std::uint32_t kKept = UINT32_MAX;
  std::uint32_t redirect_from = UINT32_MAX;  // calls of this function
  std::uint32_t redirect_to = 0;             //   become calls of that one
  std::vector<std::uint32_t> trapping = {};  // functions that trap when they are entered; sorted
  std::vector<std::pair<std::uint32_t, std::uint32_t>>* calls = nullptr;  // filled: caller, callee
};

// Where a function of the old module is in the new one.
inline std::uint32_t moved(const CodePlan& plan, std::uint32_t function) {
  if (function < plan.in_place.size() && plan.in_place[function] != CodePlan::kKept) {
    return plan.in_place[function];
  }
  return function >= plan.shift_from ? function + 1 : function;
}

// Reads the section's contents. With plan.rewrite the bodies are appended to `out`, without their
// count.
Status walk_code(ByteView contents, std::size_t offset, const Binary& binary, const CodePlan& plan,
                 CodeFacts& facts, Bytes& out);

}  // namespace ferry::wasm
