// Any bytes: what prepare takes is still readable afterwards, with the guest's own exports and
// globals where they were, and its data can be written anew.
#include <cstdlib>

#include "wasm/copied_data.h"
#include "wasm/prepare.h"

using namespace ferry::wasm;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ferry::ByteView wasm(data, size);
  auto binary = read_binary(wasm);
  if (!binary.ok()) {
    return 0;
  }
  for (bool poll : {false, true}) {
    auto prepared = prepare(wasm, *binary, {poll, true});
    if (!prepared.ok()) {
      continue;
    }
    auto after = read_binary(prepared->wasm);
    if (!after.ok() || !read_code_facts(prepared->wasm, *after).ok() ||
        after->globals.size() < binary->globals.size() + 2 || after->start ||
        after->exports.size() < binary->exports.size() + 2) {
      std::abort();
    }
    auto copied = with_copied_data(prepared->wasm);
    if (copied && !read_binary(*copied).ok()) std::abort();
  }
  return 0;
}
