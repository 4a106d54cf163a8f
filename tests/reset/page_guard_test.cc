// Each way of finding written pages finds those, and no other.
#include "reset/page_guard.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

namespace ferry::reset {
namespace {

using Pages = std::vector<PageIndex>;

class Guards : public testing::TestWithParam<GuardKind> {
 protected:
  void watch(std::size_t pages) {
    size_ = pages * kPage;
    void* memory =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    base_ = static_cast<std::uint8_t*>(memory);
    std::fill_n(base_, size_ / 2, std::uint8_t{7});  // half of them were never touched before
    auto made = make_page_guard(GetParam(), base_, size_);
    if (!made.ok() && made.error().code == Code::kUnsupported) {
      GTEST_SKIP() << made.error().text();
    }
    ASSERT_TRUE(made.ok()) << made.error().text();
    guard_ = *std::move(made);
  }
  void TearDown() override {
    guard_.reset();
    if (base_ != nullptr) ::munmap(base_, size_);
  }

  void write(const Pages& pages) {
    guard_->enter();
    for (const PageIndex page : pages) {
      *const_cast<volatile std::uint8_t*>(base_ + page * kPage + page) = 9;
    }
    guard_->leave();
  }
  // Sorted; the test fails where nothing is known.
  Pages written() {
    Pages out;
    EXPECT_TRUE(guard_->written(out));
    std::sort(out.begin(), out.end());
    return out;
  }

  std::uint8_t* base_ = nullptr;
  std::size_t size_ = 0;
  std::unique_ptr<PageGuard> guard_;
};

TEST_P(Guards, ReportWhatWasWrittenSinceItWasProtected) {
  watch(16);
  if (IsSkipped() || HasFatalFailure()) return;
  EXPECT_EQ(written(), Pages{});
  write({3, 1, 15, 3});
  EXPECT_EQ(written(), (Pages{1, 3, 15}));
  guard_->protect(Pages{1, 3, 15});
  EXPECT_EQ(written(), Pages{});
  write({3, 8});
  EXPECT_EQ(written(), (Pages{3, 8}));
  EXPECT_EQ(base_[3 * kPage + 3], 9);
}

TEST_P(Guards, DoNotReportPagesThatAreOpen) {
  watch(16);
  if (IsSkipped() || HasFatalFailure()) return;
  guard_->open(Pages{4, 5});
  write({4, 5, 6});
  EXPECT_EQ(written(), Pages{6});
  guard_->protect(Pages{4, 5, 6});
  write({4});
  EXPECT_EQ(written(), Pages{4});
}

TEST_P(Guards, SayWhenThereAreTooManyToList) {
  constexpr std::size_t kMany = 3000;
  watch(kMany);
  if (IsSkipped() || HasFatalFailure()) return;
  Pages all(kMany);
  for (PageIndex page = 0; page < kMany; ++page) all[page] = page;
  write(all);
  Pages out;
  if (guard_->written(out)) {
    EXPECT_EQ(out.size(), kMany);
  } else {
    EXPECT_EQ(GetParam(), GuardKind::kSignal);
  }
}

TEST_P(Guards, LeaveTheMemoryWritable) {
  watch(2);
  if (IsSkipped() || HasFatalFailure()) return;
  guard_.reset();
  *const_cast<volatile std::uint8_t*>(base_ + kPage) = 9;
  EXPECT_EQ(base_[kPage], 9);
}

INSTANTIATE_TEST_SUITE_P(Ways, Guards, testing::Values(GuardKind::kSignal, GuardKind::kUserfault),
                         [](const auto& kind) { return std::string(guard_name(kind.param)); });

}  // namespace
}  // namespace ferry::reset
