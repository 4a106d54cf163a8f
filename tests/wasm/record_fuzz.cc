// A bundle's record from anywhere, past the check that keeps strangers out: what is read is what
// would be written.
#include "wasm/record.h"

using namespace ferry::wasm;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = record_from_json({reinterpret_cast<const char*>(data), size});
  if (!record.ok()) return 0;
  const std::string text = to_json(*record);
  const auto again = record_from_json(text);
  if (!again.ok() || to_json(*again) != text) __builtin_trap();
  return 0;
}
