#include "bundle/artifact.h"

#include <array>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

#include "base/blake3.h"
#include "bundle/bundle_mark.h"

namespace ferry::bundle {
namespace {

constexpr int kPopulateRead = 22;    // MADV_POPULATE_READ, Linux 5.14
constexpr std::size_t kAtOnce = 16;  // pages that are hashed side by side

}  // namespace

FileMap::FileMap(int fd, std::size_t size)
    : size_(size), base_(mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0)) {}

FileMap::~FileMap() {
  if (ok()) munmap(base_, size_);
}

bool FileMap::ok() const { return base_ != MAP_FAILED; }

void bring_in(ByteView mapped, std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t start = offset & ~kPageMask;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): of its pages, not of its bytes
  auto* at = const_cast<std::uint8_t*>(mapped.data()) + start;
  // Without it (an older kernel) each page comes when it is read.
  static_cast<void>(madvise(at, offset + size - start, kPopulateRead));
}

Artifact::Artifact(std::string name, Fd file, std::unique_ptr<FileMap> map, std::uint64_t size,
                   CodeProof code)
    : name_(std::move(name)),
      file_(std::move(file)),
      map_(std::move(map)),
      size_(size),
      code_(std::move(code)) {}

PageRun Artifact::all_code() const { return {0, static_cast<std::uint32_t>(code_.pages.size())}; }

bool Artifact::check(PageRun pages) const {
  return check(map_->view().data() + code_.offset, {&pages, 1});
}

bool Artifact::check(const std::uint8_t* mapped, std::span<const PageRun> runs) const {
  std::array<const std::uint8_t*, kAtOnce> pages{};
  std::array<std::uint32_t, kAtOnce> numbers{};
  std::array<Hash, kAtOnce> hashes;
  std::size_t count = 0;
  const auto all_right = [&] {
    blake3_pages({pages.data(), count}, hashes.data());
    bool right = true;
    for (std::size_t i = 0; i < count; ++i) right &= hashes[i] == code_.pages[numbers[i]];
    count = 0;
    return right;
  };
  // The lanes of the hash are filled with the pages of several runs.
  for (const PageRun& run : runs) {
    for (std::uint32_t page = run.first; page < run.first + run.count; ++page) {
      pages[count] = mapped + page * kCodePage;
      numbers[count++] = page;
      if (count == kAtOnce && !all_right()) return false;
    }
  }
  return all_right();
}

Result<int> Artifact::proven() const {
  const std::lock_guard lock(mutex_);
  if (!all_proven_ && code_.size != 0 && !check(all_code())) return changed();
  all_proven_ = true;
  return file_.get();
}

Error Artifact::changed() const {
  if (const std::string path = stored_at(name_); !path.empty()) ::unlink(path.c_str());
  return Error{Code::kDenied, name_ + ": the bundle's code was changed",
               "it is native code and is never run unless it is authentic: make it again"};
}

bool Artifact::is_proven() const {
  const std::lock_guard lock(mutex_);
  return all_proven_ || code_.size == 0;
}

Result<Bytes> Artifact::bytes() const {
  FERRY_TRY(const int file, proven());
  Bytes out(size_);
  for (std::size_t at = 0; at < out.size();) {
    const ssize_t got = pread(file, out.data() + at, out.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_error("read the compiled function", got < 0 ? errno : EIO);
    at += static_cast<std::size_t>(got);
  }
  return out;
}

std::vector<Hash> hash_pages(ByteView code) {
  std::vector<const std::uint8_t*> pages;
  for (std::size_t at = 0; at < code.size(); at += kCodePage) pages.push_back(code.data() + at);
  std::vector<Hash> out(pages.size());
  blake3_pages(pages, out.data());
  return out;
}

}  // namespace ferry::bundle
