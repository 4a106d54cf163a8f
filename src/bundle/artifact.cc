#include "bundle/artifact.h"

#include <array>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

#include "base/blake3.h"
#include "bundle/bundle_mark.h"
#include "bundle/sealed_file.h"

namespace ferry::bundle {
namespace {

constexpr int kPopulateRead = 22;    // MADV_POPULATE_READ, Linux 5.14
constexpr std::size_t kAtOnce = 16;  // pages that are hashed side by side

}  // namespace

FileMap::FileMap(int fd, std::size_t size)
    // Not shared: a file cannot be sealed while a mapping of it might be made writable.
    : size_(size), base_(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0)) {}

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
                   CodeProof code, Fd source)
    : name_(std::move(name)),
      file_(std::move(file)),
      source_(std::move(source)),
      map_(std::move(map)),
      size_(size),
      code_(std::move(code)),
      code_from_(source_.get()),
      all_read_(!source_.valid()) {}

PageRun Artifact::all_code() const { return {0, static_cast<std::uint32_t>(code_.pages.size())}; }

// Some CPUs (arm64) fetch instructions past their data cache.
bool make_runnable(void* code, std::size_t size) {
  auto* start = static_cast<char*>(code);
  __builtin___clear_cache(start, start + size);
  return mprotect(code, size, PROT_READ | PROT_EXEC) == 0;
}

bool Artifact::read(PageRun pages, std::uint8_t* to) const {
  const std::uint64_t at = pages.first * kCodePage;
  return read_part(code_from_.load(std::memory_order_acquire), code_.offset + at, to + at,
                   pages.count * kCodePage);
}

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

Result<Fd> Artifact::make_whole() const {
  FERRY_TRY(Fd whole, memory_file());
  const std::uint64_t end = code_.offset + code_.size;
  FERRY_CHECK_OK(copy_part(file_.get(), whole.get(), 0, code_.offset, name_));
  FERRY_CHECK_OK(copy_part(source_.get(), whole.get(), code_.offset, code_.size, name_));
  FERRY_CHECK_OK(copy_part(file_.get(), whole.get(), end, size_ - end, name_));
  FERRY_CHECK_OK(seal(whole.get()));
  const FileMap map(whole.get(), size_);
  if (!map.ok()) return errno_error("map " + name_, errno);
  const PageRun all = all_code();
  if (!check(map.view().data() + code_.offset, {&all, 1})) return changed();
  return whole;
}

Result<int> Artifact::proven() const {
  const std::lock_guard lock(mutex_);
  if (source_.valid()) {
    if (!whole_.valid()) {
      FERRY_TRY(whole_, make_whole());
      code_from_.store(whole_.get(), std::memory_order_release);
      all_read_.store(true, std::memory_order_release);
    }
    return whole_.get();
  }
  if (!all_proven_ && code_.size != 0 && !check(all_code())) return changed();
  all_proven_ = true;
  return file_.get();
}

// In the engine's own mapping: what is hashed is what will run.
Status Artifact::bring_code(const std::uint8_t* mapping, std::span<const PageRun> runs) const {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): nobody uses it yet
  auto* mapped = const_cast<std::uint8_t*>(mapping);
  if (reads_code() && mmap(mapped, code_.size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    return errno_error("hold the code", errno);
  }
  const bool all = runs.size() == 1 && runs.front() == all_code();
  // With huge pages, where there are any, a tenth of the faults.
  if (reads_code() && all) static_cast<void>(madvise(mapped, code_.size, MADV_HUGEPAGE));
  for (const PageRun& run : runs) {
    if (!reads_code()) {
      bring_in({mapped, code_.size}, run.first * kCodePage, run.count * kCodePage);
    } else if (!read(run, mapped)) {
      return changed();
    }
  }
  if (!check(mapped, runs)) return changed();
  if (reads_code() && !make_runnable(mapped, code_.size)) {
    return errno_error("make code runnable", errno);
  }
  if (all) all_read_.store(true, std::memory_order_release);
  return Done{};
}

Status Artifact::read_rest() const {
  if (is_read()) return Done{};
  FERRY_TRY([[maybe_unused]] const int file, proven());
  return Done{};
}

Error Artifact::changed() const {
  if (const std::string path = stored_at(name_); !path.empty()) ::unlink(path.c_str());
  return Error{Code::kDenied, name_ + ": the bundle's code was changed",
               "it is native code and is never run unless it is authentic: make it again"};
}

bool Artifact::is_proven() const {
  const std::lock_guard lock(mutex_);
  return all_proven_ || whole_.valid() || code_.size == 0;
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
