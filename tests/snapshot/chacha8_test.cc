#include "snapshot/chacha8.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::snapshot {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// What Go 1.26 gave: rand.NewChaCha8([32]byte("one seed of thirty-two bytes ...")).Uint64().
constexpr char kSeedText[] = "one seed of thirty-two bytes ...";
constexpr std::pair<int, std::uint64_t> kGiven[] = {{0, 0x0E7E9274E5832E7B},
                                                    {1, 0xC76014B17879AB66},
                                                    {31, 0xD8AF00DB5DB6AFA4},
                                                    {32, 0x30D298E9C1F45683},
                                                    {63, 0x6D51CDB4B18ACAA5}};

ChaCha8Seed seed() {
  ChaCha8Seed out;
  std::memcpy(out.data(), kSeedText, sizeof out);
  return out;
}

// Memory with a generator at `at`, as a program leaves it.
Bytes image(std::size_t size, std::size_t at, std::uint32_t counter = 0) {
  Bytes memory(size);
  const ChaCha8Block block = chacha8_block(seed(), counter);
  const ChaCha8Seed own = seed();
  const std::uint32_t state[] = {6, counter == 12 ? 28u : 32u, counter};
  std::memcpy(memory.data() + at, block.data(), sizeof block);
  std::memcpy(memory.data() + at + GoGenerator::kSeed, own.data(), sizeof own);
  std::memcpy(memory.data() + at + GoGenerator::kUsed, state, sizeof state);
  return memory;
}

TEST(ChaCha8, GivesWhatGoGives) {
  for (const auto& [index, word] : kGiven) {
    const auto block = chacha8_block(seed(), static_cast<std::uint32_t>(index / 32 * 4));
    EXPECT_EQ(block[static_cast<std::size_t>(index % 32)], word) << index;
  }
}

TEST(ChaCha8, FindsGenerators) {
  for (std::uint32_t counter : {0u, 4u, 8u, 12u}) {
    const auto found = find_go_generators(image(4096, 1024, counter));
    ASSERT_THAT(found, SizeIs(1)) << counter;
    EXPECT_EQ(found[0].at, 1024u);
    EXPECT_FALSE(found[0].cheap);
  }
  EXPECT_THAT(find_go_generators(image(GoGenerator::kSize + 4, 0)), SizeIs(1));
}

TEST(ChaCha8, TakesNothingElseForOne) {
  EXPECT_THAT(find_go_generators({}), IsEmpty());
  EXPECT_THAT(find_go_generators(Bytes(4096)), IsEmpty());
  for (std::size_t off : {0u, 255u, 256u, 287u}) {  // one bit of the output, of the seed
    Bytes memory = image(4096, 1024);
    memory[1024 + off] ^= 1;
    EXPECT_THAT(find_go_generators(memory), IsEmpty()) << off;
  }
  Bytes cut = image(4096, 1024);
  cut.resize(1024 + GoGenerator::kSize - 1);
  EXPECT_THAT(find_go_generators(cut), IsEmpty());
  Bytes moved = image(4096, 1024);
  moved[1024 + GoGenerator::kCounter] = 4;  // the counter of another block
  EXPECT_THAT(find_go_generators(moved), IsEmpty());
}

TEST(ChaCha8, FindsTheCheaperGeneratorBehindOne) {
  Bytes memory = image(4096, 1024);
  // As it starts: the first word that the other gave out.
  const std::uint64_t first = chacha8_block(seed(), 0)[0];
  std::memcpy(memory.data() + 1024 + 304, &first, sizeof first);
  auto found = find_go_generators(memory);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].cheap, 1024u + 304u);
}

TEST(ChaCha8, FindsTheHashKey) {
  Bytes memory(4096);
  const ChaCha8Block drawn = chacha8_block(seed(), 0);
  std::memcpy(memory.data() + 160, drawn.data(), 32);
  const ByteView given = as_bytes(std::string_view(kSeedText, 32));
  EXPECT_EQ(find_go_hash_key(memory, given), 160u);
  EXPECT_FALSE(find_go_hash_key(memory, given.first(16)));
  memory[160] ^= 1;
  EXPECT_FALSE(find_go_hash_key(memory, given));
}

}  // namespace
}  // namespace ferry::snapshot
