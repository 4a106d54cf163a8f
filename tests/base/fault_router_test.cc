#include "base/fault_router.h"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::engine {
namespace {

constexpr std::size_t kSize = 16 * 4096;

// Pages that nobody may touch until somebody does.
class Pages final : public FaultAnswer {
 public:
  Pages() : base_(mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~Pages() { munmap(base_, kSize); }

  bool on_fault(std::uintptr_t address, FaultKind kind) override {
    const auto start = reinterpret_cast<std::uintptr_t>(base_);
    if (address < start || address - start >= kSize) return false;
    (kind == FaultKind::kWrite ? writes : reads).fetch_add(1);
    return mprotect(base_, kSize, PROT_READ | PROT_WRITE) == 0;
  }
  void close() { mprotect(base_, kSize, PROT_NONE); }
  volatile char* bytes() { return static_cast<volatile char*>(base_); }
  void* base() { return base_; }

  std::atomic<int> reads{0};
  std::atomic<int> writes{0};

 private:
  void* base_;
};

void end_with_42(int /*number*/) { _exit(42); }

TEST(FaultRouter, AsksWhoseRangeItIs) {
  ASSERT_TRUE(take_faults().ok());
  Pages first;
  Pages second;
  const FaultRange one(first.base(), kSize, first);
  const FaultRange two(second.base(), kSize, second);
  EXPECT_EQ(second.bytes()[4096], 0);
  EXPECT_EQ(second.reads, 1);
  second.close();
  second.bytes()[1] = 1;
  EXPECT_EQ(second.writes, 1);
  EXPECT_EQ(first.reads + first.writes, 0);
  first.bytes()[kSize - 1] = 1;
  EXPECT_EQ(first.writes, 1);
}

TEST(FaultRouter, ThreadsOwnAnswerIsAskedFirst) {
  ASSERT_TRUE(take_faults().ok());
  Pages pages;
  thread_faults = &pages;
  pages.bytes()[0] = 1;
  EXPECT_EQ(pages.writes, 1);
  pages.close();
  // Another thread has entered nothing: for it there is the range alone.
  Pages other;
  const FaultRange range(other.base(), kSize, other);
  std::thread([&] { other.bytes()[0] = 1; }).join();
  EXPECT_EQ(other.writes, 1);
  EXPECT_EQ(pages.writes, 1);
  thread_faults = nullptr;
}

TEST(FaultRouter, OthersFaultsGoOn) {
  ASSERT_TRUE(take_faults().ok());
  Pages gone;
  { const FaultRange range(gone.base(), kSize, gone); }
  EXPECT_EXIT(
      {
        signal(SIGSEGV, end_with_42);
        if (!take_faults().ok()) _exit(1);
        gone.bytes()[0] = 1;
        _exit(0);
      },
      testing::ExitedWithCode(42), "");
}

TEST(FaultRouter, StandsBeforeAHandlerThatCameLater) {
  ASSERT_TRUE(take_faults().ok());
  EXPECT_EXIT(
      {
        Pages pages;
        const FaultRange range(pages.base(), kSize, pages);
        signal(SIGSEGV, end_with_42);
        if (!take_faults().ok() || !take_faults().ok()) _exit(1);
        pages.bytes()[0] = 1;
        _exit(pages.writes == 1 ? 7 : 1);
      },
      testing::ExitedWithCode(7), "");
}

TEST(FaultRouter, WorksInAChild) {
  ASSERT_TRUE(take_faults().ok());
  Pages pages;
  const FaultRange range(pages.base(), kSize, pages);
  const pid_t child = fork();
  if (child == 0) {
    pages.bytes()[0] = 1;
    { const FaultRange another(pages.base(), kSize, pages); }
    _exit(pages.writes == 1 ? 7 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

// Ranges come and go while others fault: an answer that has gone is never asked.
TEST(FaultRouter, ManyThreads) {
  ASSERT_TRUE(take_faults().ok());
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        Pages pages;
        std::optional<FaultRange> range(std::in_place, pages.base(), kSize, pages);
        pages.bytes()[round % kSize] = 1;
        if (pages.writes != 1 || pages.reads != 0) ++wrong;
        range.reset();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace ferry::engine
