#include "engine/code_guard.h"

#include <optional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elf_of_code.h"
#include "engine/bundle.h"
#include "engine/page_guard.h"

namespace ferry::engine {
namespace {

constexpr std::uint32_t kPieces = 8;

// A bundle's code in memory as an engine maps it, and guarded.
class Guarded {
 public:
  // `changed`: a byte of the file that is flipped after it was signed.
  explicit Guarded(std::optional<std::uint64_t> changed = {}, void* where = nullptr) {
    MacKey key;
    key.bytes.fill(3);
    const Bytes elf = elf_of_code(kPieces);
    Bytes bytes = write_bundle({"code", "", "", "", "", ""}, elf, key);
    if (changed) bytes[*changed] ^= 0x10;
    auto bundle = open_bundle(bytes, key);
    if (!bundle.ok()) return;
    size_ = elf.size();
    base_ = static_cast<std::uint8_t*>(mmap(
        where, size_, PROT_READ | PROT_EXEC,
        MAP_PRIVATE | (where != nullptr ? MAP_FIXED_NOREPLACE : 0), bundle->artifact->file(), 0));
    if (base_ == MAP_FAILED) return;
    artifact = bundle->artifact;
    auto made = CodeGuard::make(artifact, base_ + kCodeAt);
    if (made.ok()) guard = std::move(*made);
  }
  ~Guarded() {
    guard.reset();
    if (base_ != nullptr && base_ != MAP_FAILED) munmap(base_, size_);
  }

  std::uint8_t* piece(std::uint32_t index) const { return base_ + kCodeAt + index * kCodePiece; }
  std::uint32_t run(std::uint32_t index) const {
    return reinterpret_cast<std::uint32_t (*)()>(piece(index))();
  }
  void* base() const { return base_; }

  std::shared_ptr<const Artifact> artifact;
  std::unique_ptr<CodeGuard> guard;

 private:
  std::uint8_t* base_ = nullptr;
  std::size_t size_ = 0;
};

TEST(CodeGuard, OpensWhatIsTouchedAndNoMore) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  EXPECT_EQ(code.guard->opened(), 0u);
  EXPECT_EQ(code.run(5), 5u);
  EXPECT_EQ(code.run(5), 5u);
  EXPECT_EQ(code.guard->opened(), 1u);
  EXPECT_EQ(*code.piece(2), 0xb8);  // reading is a touch
  EXPECT_EQ(code.guard->opened(), 2u);
}

TEST(CodeGuard, ChangedCodeIsNeverRun) {
  for (const std::uint64_t at : {kCodeAt + 3 * kCodePiece, kCodeAt + 4 * kCodePiece - 1}) {
    const Guarded code(at);
    ASSERT_NE(code.guard, nullptr);
    EXPECT_EQ(code.run(2), 2u);
    EXPECT_EXIT(code.run(3), testing::ExitedWithCode(kBrokenExit), "code was changed");
    EXPECT_EQ(code.run(4), 4u);
    EXPECT_EQ(code.artifact->proven().error().code, Code::kDenied);
  }
}

TEST(CodeGuard, ManyThreadsAtOnce) {
  for (int round = 0; round < 50; ++round) {
    const Guarded code;
    ASSERT_NE(code.guard, nullptr);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (std::uint32_t at = 0; at < kPieces; ++at) wrong += code.run(at) == at ? 0 : 1;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(code.guard->opened(), kPieces);
  }
}

TEST(CodeGuard, WorksInAChild) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  EXPECT_EQ(code.run(0), 0u);
  const pid_t child = fork();
  if (child == 0) _exit(code.run(0) == 0 && code.run(6) == 6 ? 7 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  EXPECT_EQ(code.guard->opened(), 1u);
}

TEST(CodeGuard, AnotherAtTheSameAddressIsProvenAnew) {
  std::optional<Guarded> first(std::in_place);
  ASSERT_NE(first->guard, nullptr);
  for (std::uint32_t at = 0; at < kPieces; ++at) EXPECT_EQ(first->run(at), at);
  void* where = first->base();
  first.reset();
  const Guarded second(kCodeAt + kCodePiece, where);
  if (second.base() == MAP_FAILED) GTEST_SKIP() << "somebody else took the address in between";
  ASSERT_EQ(second.base(), where);
  ASSERT_NE(second.guard, nullptr);
  EXPECT_EQ(second.guard->opened(), 0u);
  EXPECT_EQ(second.run(0), 0u);
  EXPECT_EXIT(second.run(1), testing::ExitedWithCode(kBrokenExit), "code was changed");
}

TEST(CodeGuard, WritesAreNotItsOwn) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  EXPECT_DEATH(*static_cast<volatile std::uint8_t*>(code.piece(1)) = 0, "");
}

TEST(CodeGuard, BesideAGuardOfMemory) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  constexpr std::size_t kSize = 4 * kPage;
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto pages = make_page_guard(GuardKind::kSignal, static_cast<std::uint8_t*>(memory), kSize);
  ASSERT_TRUE(pages.ok());
  (*pages)->enter();
  EXPECT_EQ(code.run(1), 1u);
  static_cast<volatile char*>(memory)[kPage] = 1;
  EXPECT_EQ(code.run(7), 7u);
  (*pages)->leave();
  std::vector<PageIndex> written;
  EXPECT_TRUE((*pages)->written(written));
  EXPECT_EQ(written, std::vector<PageIndex>{1});
  EXPECT_EQ(code.guard->opened(), 2u);
  pages->reset();
  munmap(memory, kSize);
}

}  // namespace
}  // namespace ferry::engine
