#include "bundle/code_guard.h"

#include <optional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle/bundle.h"
#include "bundle/sealed_file.h"
#include "elf_of_code.h"
#include "reset/page_guard.h"

namespace ferry::bundle {
namespace {

constexpr std::uint32_t kPieces = 8;

// Each way of closing pages; on a kernel without the better one both are the same. And whether the
// code is in the artifact's file, or read from another when it is used.
struct Way {
  Closing closing = Closing::kBest;
  bool reads = false;
};
Way way;
class CodeGuards : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override { way = GetParam(); }
};

class CodeReadOnUse : public CodeGuards {};

// The same artifact, its code still to be read from a file that can change: `source`.
std::shared_ptr<const Artifact> without_code(const Artifact& whole, ByteView bytes, int& source) {
  auto file = memory_file();
  auto from = memory_file();
  if (!file.ok() || !from.ok() || !write_all(from->get(), bytes, "source").ok()) return nullptr;
  const CodeProof& code = *whole.code();
  const std::uint64_t end = code.offset + code.size;
  if (!copy_part(from->get(), file->get(), 0, code.offset, "").ok() ||
      !copy_part(from->get(), file->get(), end, bytes.size() - end, "").ok() ||
      !seal(file->get()).ok()) {
    return nullptr;
  }
  source = from->get();
  return std::make_shared<const Artifact>(whole.name(), *std::move(file), nullptr, whole.size(),
                                          code, *std::move(from));
}

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
    artifact = bundle->artifact;
    if (way.reads) artifact = without_code(*bundle->artifact, bytes, source);
    if (artifact == nullptr) return;
    base_ = static_cast<std::uint8_t*>(
        mmap(where, size_, PROT_READ | PROT_EXEC,
             MAP_PRIVATE | (where != nullptr ? MAP_FIXED_NOREPLACE : 0), artifact->file(), 0));
    if (base_ == MAP_FAILED) return;
    auto made = watch ? CodeGuard::make_watch(artifact, base_ + kCodeAt)
                      : CodeGuard::make(artifact, base_ + kCodeAt, way.closing);
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
  int source = -1;           // where the code is read from, if it is; the artifact's

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
  EXPECT_EQ(*code.piece(2), elf_of_code(kPieces)[kCodeAt + 2 * kCodePiece]);  // reading is a touch
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

// A file that is written in place while it is used: what was read and proven stays, what was not is
// never run.
TEST_P(CodeReadOnUse, AFileThatChangesIsNotRun) {
  const Guarded code({}, nullptr, {{0, 1}});
  ASSERT_NE(code.guard, nullptr);
  EXPECT_EQ(code.run(0), 0u);
  EXPECT_EQ(code.run(5), 5u);
  for (std::uint32_t at = 0; at < kPieces; ++at) {
    ASSERT_EQ(pwrite(code.source, "changed", 7, static_cast<off_t>(kCodeAt + at * kCodePiece)), 7);
  }
  EXPECT_EQ(code.run(0), 0u);
  EXPECT_EQ(code.run(5), 5u);
  EXPECT_EXIT(code.run(1), testing::ExitedWithCode(kBrokenExit), "code was changed");
  EXPECT_EQ(code.artifact->proven().error().code, Code::kDenied);
  ASSERT_EQ(ftruncate(code.source, 0), 0);
  EXPECT_EQ(code.run(5), 5u);
  EXPECT_EXIT(code.run(1), testing::ExitedWithCode(kBrokenExit), "cannot be checked");
}

TEST_P(CodeReadOnUse, AFileThatChangesAfterAllWasReadChangesNothing) {
  const Guarded code;
  ASSERT_NE(code.guard, nullptr);
  EXPECT_EQ(code.run(2), 2u);
  EXPECT_FALSE(code.artifact->is_proven());
  ASSERT_TRUE(code.artifact->proven().ok());
  EXPECT_TRUE(code.artifact->is_proven());
  ASSERT_EQ(ftruncate(code.source, 0), 0);
  for (std::uint32_t at = 0; at < kPieces; ++at) EXPECT_EQ(code.run(at), at);
}

std::string name_of(const testing::TestParamInfo<Way>& which) {
  return std::string(which.param.closing == Closing::kBest ? "best" : "protect") +
         (which.param.reads ? "_read" : "_copied");
}
INSTANTIATE_TEST_SUITE_P(Ways, CodeGuards,
                         testing::Values(Way{Closing::kBest, false}, Way{Closing::kProtect, false},
                                         Way{Closing::kBest, true}, Way{Closing::kProtect, true}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Ways, CodeReadOnUse,
                         testing::Values(Way{Closing::kBest, true}, Way{Closing::kProtect, true}),
                         name_of);

}  // namespace
}  // namespace ferry::bundle
