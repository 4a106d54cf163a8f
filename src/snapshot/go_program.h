// What the names of a Go program's functions and their callers show: whether
// what it read and drew while starting can be met again later. Only what is certain is said; a
// program without names (-ldflags=-s) gives no answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wasm/binary.h"

namespace ferry::snapshot {

struct GoProgram {
  bool named = false;
  std::vector<std::string_view> names;  // by function index; borrowed from the wasm
  // Functions by which a program's own code draws from Go's generator: all of math/rand,
  // math/rand/v2 and hash/maphash but what initialises those packages.
  std::vector<std::uint32_t> drawing;
  // Functions that read the environment which the runtime copied while starting, or give it on.
  std::vector<std::uint32_t> environment;
  // One that calls those and is not the runtime's or a library's that asks for fixed names;
  // empty: none does.
  std::string environment_reader;
};

// nullopt for what no Go compiler made.
Result<std::optional<GoProgram>> read_go_program(ByteView wasm, const wasm::Binary& binary);

// Whether one of these functions may be called by its address: Go keeps its place in the table (16
// bits up) in memory. `memory` is the program's, started. True where the table is not understood.
bool address_taken(ByteView wasm, const wasm::Binary& binary, ByteView memory,
                   const std::vector<std::uint32_t>& functions);

}  // namespace ferry::snapshot
