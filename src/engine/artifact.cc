#include "engine/artifact.h"

#include <algorithm>

#include <sys/mman.h>

#include "base/blake3.h"

namespace ferry::engine {
namespace {

constexpr std::uint64_t kPageMask = 4095;
constexpr int kPopulateRead = 22;  // MADV_POPULATE_READ, Linux 5.14

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

bool Artifact::check_piece(std::size_t index) const {
  const std::uint64_t at = index * kCodePiece;
  const std::uint64_t size = std::min(kCodePiece, code_.size - at);
  return blake3(map_->view().subspan(code_.offset + at, size)) == code_.pieces[index];
}

bool Artifact::check_code(const std::uint8_t* mapped) const {
  const ByteView code(mapped, code_.size);
  bring_in(code, 0, code.size());
  return hash_pieces(code) == code_.pieces;
}

Result<int> Artifact::proven() const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; !all_proven_ && i < code_.pieces.size(); ++i) {
    if (!check_piece(i)) return changed();
  }
  all_proven_ = true;
  return file_.get();
}

Error Artifact::changed() const {
  return Error{Code::kDenied, name_ + ": the bundle's code was changed",
               "it is native code and is never run unless it is authentic: make it again"};
}

bool Artifact::is_proven() const {
  const std::lock_guard lock(mutex_);
  return all_proven_ || code_.size == 0;
}

std::vector<Hash> hash_pieces(ByteView code) {
  std::vector<Hash> out;
  for (std::size_t at = 0; at < code.size(); at += kCodePiece) {
    out.push_back(blake3(code.subspan(at, std::min<std::size_t>(kCodePiece, code.size() - at))));
  }
  return out;
}

}  // namespace ferry::engine
