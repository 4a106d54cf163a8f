#include "bundle/code_guard.h"

#include <optional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle/bundle.h"
#include "elf_of_code.h"
#include "reset/page_guard.h"

namespace ferry::bundle {
namespace {

constexpr std::uint32_t kPieces = 8;

// Each way of closing pages; on a kernel without the better one both are the same.
Closing closing = Closing::kBest;
class CodeGuards : public testing::TestWithParam<Closing> {
 protected:
  void SetUp() override { closing = GetParam(); }
};

// A bundle's code in memory as an engine maps it, and guarded.
class Guarded {
 public:
  // `changed`: a byte of the file that is flipped after it was signed. `early`: what the bundle
  // says a start uses.
  explicit Guarded(std::optional<std::uint64_t> changed = {}, void* where = nullptr,
                   const std::vector<PageRun>& early = {}, bool watch = false) {
    MacKey key;
    key.bytes.fill(3);
    const Bytes elf = elf_of_code(kPieces);
    Bytes bytes = write_bundle({"code", "", "", "", "", "", early}, elf, key);
    if (changed) bytes[*changed] ^= 0x10;
    auto bundle = open_bundle(bytes, key);
    if (!bundle.ok()) return;
    size_ = elf.size();
    base_ = static_cast<std::uint8_t*>(mmap(
        where, size_, PROT_READ | PROT_EXEC,
        MAP_PRIVATE | (where != nullptr ? MAP_FIXED_NOREPLACE : 0), bundle->artifact->file(), 0));
    if (base_ == MAP_FAILED) return;
    artifact = bundle->artifact;
    auto made = watch ? CodeGuard::make_watch(artifact, base_ + kCodeAt)
                      : CodeGuard::make(artifact, base_ + kCodeAt, closing);
    if (made.ok()) {
      guard = std::move(*made);
    } else {
      why = made.error();
    }
  }
  ~Guarded() {
    guard.reset();
    if (base_ != nullptr && base_ != MAP_FAILED) munmap(base_, size_);
  }

  volatile std::uint8_t* piece(std::uint32_t index, std::int64_t offset = 0) const {
    return base_ + kCodeAt + index * kCodePiece + offset;
  }
  std::uint32_t run(std::uint32_t index) const {
    return reinterpret_cast<std::uint32_t (*)()>(base_ + kCodeAt + index * kCodePiece)();
  }
  void* base() const { return base_; }

  std::shared_ptr<const Artifact> artifact;
  std::unique_ptr<CodeGuard> guard;
  std::optional<Error> why;  // there is none

 private:
  std::uint8_t* base_ = nullptr;
  std::size_t size_ = 0;
};

TEST_P(CodeGuards, OpensWhatIsTouchedAndNoMore) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  EXPECT_EQ(code.guard->opened(), 0u);
  EXPECT_EQ(code.run(5), 5u);
  EXPECT_EQ(code.run(5), 5u);
  EXPECT_EQ(code.guard->opened(), 1u);
  EXPECT_EQ(*code.piece(2), 0xb8);  // reading is a touch
  EXPECT_EQ(code.guard->opened(), 2u);
}

TEST_P(CodeGuards, ChangedCodeIsNeverRun) {
  for (const std::uint64_t at : {kCodeAt + 3 * kCodePiece, kCodeAt + 4 * kCodePiece - 1}) {
    const Guarded code(at);
    ASSERT_NE(code.guard, nullptr);
    EXPECT_EQ(code.run(2), 2u);
    EXPECT_EXIT(code.run(3), testing::ExitedWithCode(kBrokenExit), "code was changed");
    EXPECT_EQ(code.run(4), 4u);
    EXPECT_EQ(code.artifact->proven().error().code, Code::kDenied);
  }
}

constexpr std::uint32_t kPagesOfPiece = kCodePiece / kCodePage;

TEST_P(CodeGuards, WhatIsUsedEarlyIsOpenAndNoMore) {
  const std::vector<PageRun> early = {{0, 1}, {2 * kPagesOfPiece, 2}, {8 * kPagesOfPiece - 1, 1}};
  const Guarded code({}, nullptr, early);
  ASSERT_NE(code.guard, nullptr);
  EXPECT_EQ(code.run(0), 0u);
  EXPECT_EQ(code.run(2), 2u);
  EXPECT_EQ(*code.piece(8, -1), 0x90);
  EXPECT_EQ(code.guard->opened(), 0u);
  // Beside them, in the same pieces too, a touch is still needed.
  EXPECT_EQ(*code.piece(2, 2 * kCodePage - 1), 0x90);
  EXPECT_EQ(code.guard->opened(), 0u);
  EXPECT_EQ(*code.piece(2, 2 * kCodePage), 0x90);
  EXPECT_EQ(code.guard->opened(), 1u);
  EXPECT_EQ(code.run(1), 1u);
  EXPECT_EQ(code.guard->opened(), 2u);
}

TEST_P(CodeGuards, ChangedCodeThatIsUsedEarlyIsRefusedAtOnce) {
  const std::vector<PageRun> early = {{1, 2}, {5 * kPagesOfPiece, 20}};
  for (const std::uint64_t at :
       {1 * kCodePage, 3 * kCodePage - 1, 5 * kCodePiece, 5 * kCodePiece + 20 * kCodePage - 1}) {
    const Guarded code(kCodeAt + at, nullptr, early);
    EXPECT_EQ(code.guard, nullptr) << at;
    ASSERT_TRUE(code.why.has_value()) << at;
    EXPECT_EQ(code.why->code, Code::kDenied) << at;
  }
}

TEST_P(CodeGuards, ChangedCodeBesideWhatIsUsedEarlyIsNeverRun) {
  // The first page of piece 3 is used early, and the last one was changed.
  const Guarded code(kCodeAt + 4 * kCodePiece - 1, nullptr, {{3 * kPagesOfPiece, 1}});
  ASSERT_NE(code.guard, nullptr);
  EXPECT_EQ(code.run(3), 3u);
  EXPECT_EXIT(static_cast<void>(*code.piece(4, -1)), testing::ExitedWithCode(kBrokenExit),
              "code was changed");
  EXPECT_EXIT(static_cast<void>(*code.piece(3, kCodePage)), testing::ExitedWithCode(kBrokenExit),
              "code was changed");
}

TEST_P(CodeGuards, AWatchTellsWhatWasTouched) {
  const Guarded code({}, nullptr, {{0, 40}}, true);
  ASSERT_NE(code.guard, nullptr);
  EXPECT_TRUE(code.guard->touched().empty());
  EXPECT_EQ(code.run(1), 1u);
  EXPECT_EQ(code.run(3), 3u);
  EXPECT_EQ(*code.piece(3, 3 * kCodePage), 0x90);  // two pages between
  EXPECT_EQ(*code.piece(3, 7 * kCodePage), 0x90);  // three
  EXPECT_EQ(*code.piece(8, -1), 0x90);
  const std::vector<PageRun> expected = {{kPagesOfPiece, 1},
                                         {3 * kPagesOfPiece, 4},
                                         {3 * kPagesOfPiece + 7, 1},
                                         {8 * kPagesOfPiece - 1, 1}};
  EXPECT_EQ(code.guard->touched(), expected);
}

TEST_P(CodeGuards, ManyThreadsAtOnce) {
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

TEST_P(CodeGuards, WorksInAChild) {
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

TEST_P(CodeGuards, AnotherAtTheSameAddressIsProvenAnew) {
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

TEST_P(CodeGuards, WritesAreNotItsOwn) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  EXPECT_DEATH(*code.piece(1) = 0, "");
}

TEST_P(CodeGuards, BesideAGuardOfMemory) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  constexpr std::size_t kSize = 4 * reset::kPage;
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto pages =
      reset::make_page_guard(reset::GuardKind::kSignal, static_cast<std::uint8_t*>(memory), kSize);
  ASSERT_TRUE(pages.ok());
  (*pages)->enter();
  EXPECT_EQ(code.run(1), 1u);
  static_cast<volatile char*>(memory)[reset::kPage] = 1;
  EXPECT_EQ(code.run(7), 7u);
  (*pages)->leave();
  std::vector<reset::PageIndex> written;
  EXPECT_TRUE((*pages)->written(written));
  EXPECT_EQ(written, std::vector<reset::PageIndex>{1});
  EXPECT_EQ(code.guard->opened(), 2u);
  pages->reset();
  munmap(memory, kSize);
}

INSTANTIATE_TEST_SUITE_P(Ways, CodeGuards, testing::Values(Closing::kBest, Closing::kProtect),
                         [](const auto& which) {
                           return which.param == Closing::kBest ? "best" : "protect";
                         });

}  // namespace
}  // namespace ferry::bundle
