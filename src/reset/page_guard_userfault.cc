// Watching pages by userfaultfd write protection, resolved in the kernel (UFFD_FEATURE_WP_ASYNC),
// and read back by the PAGEMAP_SCAN ioctl. Both came with Linux 6.7; the headers of Debian 12 are
// older, so the few numbers of that interface are here (Linux Documentation/admin-guide/mm:
// userfaultfd.rst, pagemap.rst).
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "reset/page_guard.h"

namespace ferry::reset {
namespace {

constexpr std::uint64_t kFeatureWpUnpopulated = 1ull << 13;
constexpr std::uint64_t kFeatureWpAsync = 1ull << 15;
constexpr std::uint64_t kPageIsWritten = 1ull << 1;
constexpr int kUserModeOnly = 1;

struct ScanRegion {
  std::uint64_t start, end, categories;
};
struct ScanArgument {
  std::uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted,
      category_mask, category_anyof_mask, return_mask;
};
constexpr auto kPagemapScan = _IOWR('f', 16, ScanArgument);

class UserfaultGuard final : public PageGuard {
 public:
  UserfaultGuard(Fd fault, Fd pagemap, std::uint8_t* base, std::size_t size)
      : fault_(std::move(fault)),
        pagemap_(std::move(pagemap)),
        start_(reinterpret_cast<std::uintptr_t>(base)),
        size_(size),
        open_(size / kPage, false) {}

  ~UserfaultGuard() override {
    uffdio_range range{start_, size_};
    ::ioctl(fault_.get(), UFFDIO_UNREGISTER, &range);
  }

  bool write_protect(std::uint64_t start, std::uint64_t size) {
    uffdio_writeprotect request{{start, size}, UFFDIO_WRITEPROTECT_MODE_WP};
    return ::ioctl(fault_.get(), UFFDIO_WRITEPROTECT, &request) == 0;
  }

  void enter() override {}
  void leave() override {}

  bool written(std::vector<PageIndex>& pages) override {
    pages.clear();
    std::array<ScanRegion, 256> regions{};
    ScanArgument scan{};
    scan.size = sizeof scan;
    scan.start = start_;
    scan.end = start_ + size_;
    scan.vec = reinterpret_cast<std::uintptr_t>(regions.data());
    scan.vec_len = regions.size();
    scan.category_mask = kPageIsWritten;
    scan.return_mask = kPageIsWritten;
    while (scan.start < scan.end) {
      int found = ::ioctl(pagemap_.get(), kPagemapScan, &scan);
      if (found < 0) {
        return false;
      }
      for (int i = 0; i < found; ++i) {
        const ScanRegion& region = regions[static_cast<std::size_t>(i)];
        for (auto at = region.start; at < region.end; at += kPage) {
          auto page = static_cast<PageIndex>((at - start_) / kPage);
          if (!open_[page]) {
            pages.push_back(page);
          }
        }
      }
      scan.start = scan.walk_end;
    }
    return healthy_;
  }

  void protect(std::span<const PageIndex> pages) override {
    for_each_run(pages, [this](PageIndex first, std::size_t count) {
      healthy_ &= write_protect(start_ + first * kPage, count * kPage);
      for (std::size_t i = first; i < first + count; ++i) {
        open_[i] = false;
      }
    });
  }

  // Left unprotected, and left out of what is reported.
  void open(std::span<const PageIndex> pages) override {
    for (PageIndex page : pages) {
      open_[page] = true;
    }
  }

 private:
  Fd fault_;
  Fd pagemap_;
  std::uint64_t start_;
  std::uint64_t size_;
  std::vector<bool> open_;
  bool healthy_ = true;
};

Error unsupported(const char* what) {
  return {Code::kUnsupported, fmt::format("{}: {}", what, errno_error("", errno).message),
          "needs Linux 6.7 and a seccomp profile that allows userfaultfd"};
}

}  // namespace

Result<std::unique_ptr<PageGuard>> make_userfault_guard(std::uint8_t* base, std::size_t size) {
  Fd fault(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly)));
  if (!fault.valid()) {
    return unsupported("userfaultfd");
  }
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = kFeatureWpAsync | kFeatureWpUnpopulated;
  if (::ioctl(fault.get(), UFFDIO_API, &api) != 0) {
    return unsupported("userfaultfd write protection");
  }
  Fd pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (!pagemap.valid()) {
    return unsupported("open /proc/self/pagemap");
  }
  uffdio_register area{};
  area.range = {reinterpret_cast<std::uintptr_t>(base), size};
  area.mode = UFFDIO_REGISTER_MODE_WP;
  if (::ioctl(fault.get(), UFFDIO_REGISTER, &area) != 0) {
    return unsupported("watch guest memory by userfaultfd");
  }
  auto guard = std::make_unique<UserfaultGuard>(std::move(fault), std::move(pagemap), base, size);
  std::vector<PageIndex> probe;
  if (!guard->write_protect(area.range.start, size) || !guard->written(probe)) {
    return unsupported("read written pages by PAGEMAP_SCAN");
  }
  return std::unique_ptr<PageGuard>(std::move(guard));
}

}  // namespace ferry::reset
