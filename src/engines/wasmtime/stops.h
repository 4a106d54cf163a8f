// Where guest code can be made to trap: a table, written into each artifact when it is compiled, of
// where functions begin and of an instruction in each that traps whatever the registers hold.
//
// A guest whose deadline has passed is ended from outside (interrupts.h): its thread goes on at
// such an instruction, and the engine takes the trap as it takes any other. So the code itself need
// not look at a clock or a counter at each loop and call, which took a tenth to a sixth of the time
// of interpreters that were compiled to WebAssembly.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace ferry::engine::wasmtime {

// The artifact with its table, in a section of its own. It must still have its symbols. kInternal
// where it is not what this version of Wasmtime writes.
Result<Bytes> with_stops(ByteView artifact);

// The table of a loaded artifact. Borrows its memory, and reads the table where it lies: loading
// touches no page of it.
class Stops {
 public:
  struct Stop {
    std::uintptr_t address = 0;  // 0: `pc` is in no function of the guest's
    bool in_function = false;    // in the same function as `pc`: a backtrace names the right one
  };

  Stops() = default;  // finds nothing
  // `image`: the artifact where it is mapped to run. kInvalid where it has no table.
  static Result<Stops> read(ByteView image);

  // Safe in a signal's handler.
  Stop find(std::uintptr_t pc) const;
  // Whether it is code of this artifact: a function's, or the engine's between them and the host.
  bool is_code(std::uintptr_t address) const { return address - code_ < code_size_; }

 private:
  std::uintptr_t code_ = 0;
  std::size_t code_size_ = 0;
  const std::uint8_t* table_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace ferry::engine::wasmtime
