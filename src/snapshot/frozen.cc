#include "snapshot/frozen.h"

#include "snapshot/chacha8.h"

namespace ferry::snapshot {
namespace {

// As a generator is that has given out all of its block: at the next draw its last words become
// the seed of the next one. Those are drawn anew.
void seed_anew(const GoGenerator& generator, Redrawing& out) {
  constexpr std::uint32_t kSeedBytes = 32;
  constexpr std::int32_t kLastUsable = 28;
  constexpr std::int32_t kLastCounter = 12;
  out.redraws.push_back({generator.at + GoGenerator::kNextSeed, kSeedBytes});
  out.words.push_back({generator.at + GoGenerator::kUsed, kLastUsable});
  out.words.push_back({generator.at + GoGenerator::kUsable, kLastUsable});
  out.words.push_back({generator.at + GoGenerator::kCounter, kLastCounter});
  if (generator.cheap) {
    out.redraws.push_back({*generator.cheap, 8});
  }
}

}  // namespace

Redrawing find_frozen(ByteView wasm, const wasm::Binary& binary, const std::optional<GoProgram>& go,
                      ByteView memory, ByteView seed, std::size_t calls, Frozen& frozen) {
  Redrawing out;
  frozen.named = go && go->named;
  frozen.environ_matters = true;
  if (frozen.named && go->environment_reader.empty()) {
    frozen.environ_matters = address_taken(wasm, binary, memory, go->environment);
  } else if (frozen.named) {
    frozen.environ_reader = go->environment_reader;
  }
  if (!go || calls == 0) {
    return out;
  }
  for (const GoGenerator& generator : find_go_generators(memory)) {
    seed_anew(generator, out);
    ++frozen.generators;
  }
  frozen.random_traced =
      frozen.generators != 0 && calls == 1 && find_go_hash_key(memory, seed).has_value();
  return out;
}

}  // namespace ferry::snapshot
