// What a module asks of an engine that the engine does not have: what has to be lowered first, or
// what makes the two impossible together.
#pragma once

#include <string_view>
#include <vector>

#include "wasm/prepare.h"

namespace ferry::wasm {

// Features of WebAssembly beyond its first version, as an engine states them
// (engine/engine.h, Capabilities).
struct Features {
  bool bulk_memory = true;
  bool sign_extension = true;
  bool saturating_float_to_int = true;
  bool multi_value = true;
  bool reference_types = true;
  bool simd = true;
  bool externref = true;
  bool relaxed_simd = false;
  bool tail_calls = false;
};

struct Lowering {
  std::vector<std::string_view> rewrite;     // can be expressed in older instructions
  std::vector<std::string_view> impossible;  // cannot
  std::vector<std::string_view> keep;        // used, and the engine has them
  bool needed() const { return !rewrite.empty(); }
};

// Names are those of the proposals: "bulk-memory", "sign-ext", "nontrapping-fptoint",
// "multivalue", "reference-types", "externref", "simd", "relaxed-simd", "tail-call"; in this order.
Lowering lowering_for(const CodeFacts& facts, const Features& engine);

}  // namespace ferry::wasm
