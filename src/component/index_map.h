// How the indices of one core module become those of the merged one, and the code so rewritten.
#pragma once

#include <cstdint>
#include <optional>
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

// The memory is larger than the component's own by kRoomPages, so that one that grows it a little
// in an event does not cost its instance (reset/kept_instance.h). The component sees its own: what
// reads the memory's size reads a global, what grows it calls a function. It differs in one thing
// alone: an access behind the component's memory and within the room meets zeros and does not trap.
inline constexpr std::uint32_t kRoomPages = 16;  // of 64 KiB
struct Room {
  std::uint32_t global = 0;  // mutable i32: pages
  std::uint32_t grow = 0;    // a function that takes the place of memory.grow
};

// Appends the bodies of a code section (each with its size, without their count). The functions
// that `ref.func` names are added to `referenced`. kInvalid, with the offset in the module, where
// an index points to nothing.
Status merge_code(ByteView contents, std::size_t offset, const IndexMap& map,
                  const Accessors& accessors, const std::optional<Room>& room,
                  std::set<std::uint32_t>& referenced, Bytes& out);

}  // namespace ferry::component
