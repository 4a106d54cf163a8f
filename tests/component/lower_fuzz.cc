// Any bytes: what lowers is a module that is read back, with its section, and prepared or refused
// like any other.
#include <cstdlib>

#include "component/lower.h"
#include "wasm/prepare.h"

using namespace ferry;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView file(data, size);
  const auto binary = wasm::read_binary(file);
  if (!binary.ok() || !binary->component) return 0;
  const auto lowered = component::lower(file, *binary, "sha256:0");
  if (!lowered.ok()) {
    if (lowered.error().message.empty() || lowered.error().code == Code::kInternal) std::abort();
    return 0;
  }
  const auto after = wasm::read_binary(lowered->wasm);
  // Limits of a module may be passed by several together.
  if (!after.ok()) return 0;
  const auto section = component::find_section(lowered->wasm, *after);
  if (!section.ok() || !section->has_value()) std::abort();
  (void)wasm::prepare(lowered->wasm, *after, {});
  return 0;
}
