#include "wasm/lower.h"

namespace ferry::wasm {

Lowering lowering_for(const CodeFacts& facts, const Features& engine) {
  struct Row {
    bool used;
    bool offered;
    bool can_be_lowered;
    std::string_view name;
  };
  // Bulk memory can be lowered as long as segments stay active and tables alone: passive data
  // that is dropped, and tables that are written, have no older form.
  const bool bulk_is_plain = !facts.drops_data && !facts.writes_tables;
  const Row rows[] = {
      {facts.uses_bulk_memory, engine.bulk_memory, bulk_is_plain, "bulk-memory"},
      {facts.uses_sign_extension, engine.sign_extension, true, "sign-ext"},
      {facts.uses_saturating_float_to_int, engine.saturating_float_to_int, true,
       "nontrapping-fptoint"},
      {facts.uses_multi_value, engine.multi_value, false, "multivalue"},
      {facts.uses_reference_types, engine.reference_types, false, "reference-types"},
      {facts.uses_externref, engine.externref, false, "externref"},
      {facts.uses_simd, engine.simd, false, "simd"},
      {facts.uses_relaxed_simd, engine.relaxed_simd, false, "relaxed-simd"},
      {facts.uses_tail_calls, engine.tail_calls, false, "tail-call"},
  };
  Lowering out;
  for (const Row& row : rows) {
    if (row.used) {
      (row.offered          ? out.keep
       : row.can_be_lowered ? out.rewrite
                            : out.impossible)
          .push_back(row.name);
    }
  }
  return out;
}

}  // namespace ferry::wasm
