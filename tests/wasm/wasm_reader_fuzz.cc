// Any bytes: the reader of wasm, and what is said of the result.
#include "function/explain.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto function = ferry::function::make_function("f", ferry::Bytes(data, data + size), {});
  if (function.ok()) {
    static_cast<void>(ferry::function::explain(*function));
  }
  return 0;
}
