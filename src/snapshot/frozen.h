// What a start-up drew from outside and a snapshot of it would freeze; what of that can be drawn
// anew at each event, and how; and what cannot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "snapshot/go_program.h"
#include "snapshot/image.h"
#include "wasi/context.h"

namespace ferry::snapshot {

struct Frozen {
  wasi::Drawn drawn;

  // Go's random generators that were found, and are seeded anew at each event.
  std::size_t generators = 0;
  // Nothing that was drawn went anywhere but into those generators and the key of the hash tables.
  bool random_traced = false;
  // A function by which the program itself drew from them while starting: what it drew is frozen.
  std::string drew;
  // Whether that could be determined: the names of Go's functions are there.
  bool named = false;
  // The environment that it read while starting can be looked at later: by this function, or
  // nobody can tell ("").
  bool environ_matters = false;
  std::string environ_reader;
};

struct Redrawing {
  std::vector<Redraw> redraws;
  std::vector<Word> words;
};

// `memory`: as the start-up left it. `seed`: what random_get gave, the first of `calls` times.
// Fills all but `drawn` and `drew`.
Redrawing find_frozen(ByteView wasm, const wasm::Binary& binary, const std::optional<GoProgram>& go,
                      ByteView memory, ByteView seed, std::size_t calls, Frozen& frozen);

}  // namespace ferry::snapshot
