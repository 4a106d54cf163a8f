// Any module, edited as a snapshot is made: what comes out can be read again, and has the same
// imports and exports. The first four bytes choose what is asked for. And as a message of the
// process that runs a function for its snapshot.
#include <algorithm>
#include <cstring>

#include "snapshot/image.h"
#include "snapshot/trial_message.h"

using namespace ferry;  // NOLINT: a program of one function

namespace {

constexpr std::uint64_t kMostMemory = 1u << 20;

void must_be_readable(const Result<Bytes>& made, const wasm::Binary& before) {
  if (!made.ok()) return;
  const auto after = wasm::read_binary(*made);
  if (!after.ok() || after->imports.size() != before.imports.size() ||
      after->exports.size() < before.exports.size()) {
    __builtin_trap();
  }
}

void must_say_the_same(ByteView bytes) {
  const auto message = snapshot::decode(bytes);
  if (!message.ok()) return;
  const auto again = snapshot::encode(*message);
  if (!again.ok() || again->size() != bytes.size()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  must_say_the_same({data, size});
  if (size < 4) return 0;
  const ByteView choice(data, 4);
  const ByteView module(data + 4, size - 4);
  const auto binary = wasm::read_binary(module);
  if (!binary.ok() || binary->component) return 0;
  must_be_readable(snapshot::trap_at_first_read(module, *binary, {choice[0]}), *binary);
  std::uint32_t first_counter = 0;
  must_be_readable(snapshot::count_at_first_read(module, *binary, first_counter), *binary);
  must_be_readable(snapshot::unwind_at_first_read(module, *binary, choice[1], 1 + choice[2] % 4),
                   *binary);
  const std::uint64_t memory = binary->memories.empty() ? 0 : binary->memories[0].minimum << 16;
  if (memory > kMostMemory) return 0;
  Bytes image(memory);
  for (std::size_t at = 0; at < image.size(); at += 1 + 97 * choice[0]) image[at] = choice[3];
  snapshot::Baked baked;
  baked.memory = image;
  baked.globals.assign(binary->globals.size(), choice[3] * 0x0101010101010101ull);
  baked.rewinds = (choice[3] & 1) != 0;
  baked.unwind = snapshot::unwind_globals(choice[1]);
  baked.redraws = {{choice[0] * 256u, choice[2]}};
  baked.words = {{choice[1] * 256u, -1}};
  baked.note = "{}";
  must_be_readable(snapshot::bake(module, *binary, baked), *binary);
  return 0;
}
