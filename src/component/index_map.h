// How the indices of one core module become those of the merged one, and the code so rewritten.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "wasm/binary.h"

namespace ferry::component {

struct IndexMap {
  // By old index; each vector is as long as the module's index space.
  std::vector<std::uint32_t> types;
  std::vector<std::uint32_t> funcs;
  std::vector<std::uint32_t> tables;
  std::vector<std::uint32_t> globals;
  // Segments are appended in order.
  std::uint32_t data = 0;
  std::uint32_t data_count = 0;
  std::uint32_t elements = 0;
  std::uint32_t element_count = 0;
};

// Functions of the merged module that only read or write a global: calls of them become that.
struct Accessors {
  std::uint32_t first = UINT32_MAX;  // the index of the first; the others follow it
  struct Accessor {
    bool writes = false;
    std::uint32_t global = 0;
  };
  std::vector<Accessor> list;
};

// Appends the bodies of a code section (each with its size, without their count). The functions
// that `ref.func` names are added to `referenced`. kInvalid, with the offset in the module, where
// an index points to nothing.
Status merge_code(ByteView contents, std::size_t offset, const IndexMap& map,
                  const Accessors& accessors, std::set<std::uint32_t>& referenced, Bytes& out);

}  // namespace ferry::component
