// Function indices outside the code, moved for an import that was added (prepare.h, polling).
#pragma once

#include "base/bytes.h"
#include "wasm/code.h"

namespace ferry::wasm {

// Each takes a section's contents and gives them with function indices as `plan` moves them.
Result<Bytes> renumber_globals(ByteView contents, std::size_t offset, const CodePlan& plan);
Result<Bytes> renumber_exports(ByteView contents, std::size_t offset, const CodePlan& plan);
// `kinds`, if not null: which of the eight kinds of segment there are, a bit each.
Result<Bytes> renumber_elements(ByteView contents, std::size_t offset, const CodePlan& plan,
                                std::uint8_t* kinds);

}  // namespace ferry::wasm
