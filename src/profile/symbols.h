// Which function of the wasm a piece of native code was made of: the symbols of an artifact that
// was compiled with EngineOptions::symbols. An ELF64 file, whose symbols are named
// "wasm[0]::function[12]…" after the function's index in the module that was compiled.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ferry::profile {

struct Symbol {
  std::uint64_t offset = 0;  // in the file
  std::uint64_t size = 0;    // bytes of code
  std::uint32_t function = 0;
};

class Symbols {
 public:
  // Takes any bytes. kUnsupported for what is no such file, or names no function.
  static Result<Symbols> read(ByteView elf);

  // Of the code at this place of the file; nothing where it belongs to no function, as the code by
  // which calls enter and leave the guest.
  std::optional<std::uint32_t> function_at(std::uint64_t offset) const;

  // Where the code lies in the file.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }

 private:
  std::vector<Symbol> symbols_;  // rising
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace ferry::profile
