// Pages are reset to what they were, wherever in them the zeros lie.
#include "reset/first_state.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::reset {
namespace {

// An instance that is nothing but its memory.
class Memory final : public engine::Instance {
 public:
  explicit Memory(std::size_t pages) : bytes_(pages * kPage) {}
  engine::End call(std::string_view, wasi::Context&, Monotonic) override { return {}; }
  wasi::Memory memory() override { return {bytes_.data(), bytes_.size()}; }
  std::optional<engine::GlobalHandle> find_global(std::string_view) override {
    return std::nullopt;
  }
  std::uint64_t get_global(engine::GlobalHandle) override { return 0; }
  void set_global(engine::GlobalHandle, std::uint64_t) override {}

  std::uint8_t& at(std::size_t page, std::size_t offset) { return bytes_[page * kPage + offset]; }

 private:
  std::vector<std::uint8_t> bytes_;
};

TEST(FirstState, PutsBackEachPageWhateverItsZeros) {
  Memory instance(7);  // page 0 stays zeros
  for (std::size_t i = 0; i < kPage; ++i) instance.at(1, i) = static_cast<std::uint8_t>(i | 1);
  instance.at(2, 0) = 1;
  instance.at(3, kPage - 1) = 1;
  for (std::size_t i = 64; i < kPage; i += 128) instance.at(4, i) = 1;  // every second line
  for (std::size_t i = 64 * 10; i < kPage; ++i) instance.at(5, i) = 2;  // most lines
  for (std::size_t i = 64 * 20; i < 64 * 30; ++i) instance.at(6, i) = 3;
  const wasi::Memory memory = instance.memory();
  const std::vector<std::uint8_t> first(memory.base, memory.base + memory.size);
  auto state = FirstState::take(instance, {});
  ASSERT_TRUE(state.ok());
  std::memset(memory.base, 0xFF, memory.size);
  for (PageIndex page = 0; page < 7; ++page) {
    (*state)->put_back(memory.base, page);
    const std::size_t at = page * kPage;
    EXPECT_EQ(std::memcmp(memory.base + at, first.data() + at, kPage), 0) << page;
    if (page < 6) {
      EXPECT_EQ(memory.base[at + kPage], 0xFF) << "the page behind " << page << " was written";
    }
  }
}

}  // namespace
}  // namespace ferry::reset
