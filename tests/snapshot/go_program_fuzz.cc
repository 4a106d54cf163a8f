// Any bytes: the names of functions, and what is concluded from them about a Go program.
#include <algorithm>
#include <cstdlib>

#include "snapshot/go_program.h"
#include "wasm/names.h"

using namespace ferry::snapshot;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ferry::ByteView wasm(data, size);
  auto binary = ferry::wasm::read_binary(wasm);
  if (!binary.ok()) {
    return 0;
  }
  const auto names = ferry::wasm::read_function_names(wasm, *binary);
  auto program = read_go_program(wasm, *binary);
  if (!program.ok() || !*program) {
    return 0;
  }
  const GoProgram& go = **program;
  for (const auto* functions : {&go.drawing, &go.environment}) {
    if (!std::ranges::is_sorted(*functions) ||
        (!functions->empty() && functions->back() >= names.size())) {
      std::abort();
    }
    // Any memory will do; the module itself holds whatever the fuzzer came up with.
    static_cast<void>(address_taken(wasm, *binary, wasm, *functions));
  }
  if (!go.environment_reader.empty() && go.environment.empty()) {
    std::abort();
  }
  return 0;
}
