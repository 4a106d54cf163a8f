#include "engine/code_guard.h"

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

namespace ferry::engine {

CodeGuard::CodeGuard(std::shared_ptr<const Artifact> artifact, const std::uint8_t* code)
    : artifact_(std::move(artifact)),
      code_(code),
      start_(reinterpret_cast<std::uintptr_t>(code)),
      size_(artifact_->pieces()->size),
      open_(new std::atomic<bool>[artifact_->pieces()->pieces.size()]()),
      last_words_("ferry: " + artifact_->name() +
                  ": the bundle's code was changed, or cannot be checked; it was not run. "
                  "Make the bundle again\n") {}

Result<std::unique_ptr<CodeGuard>> CodeGuard::make(std::shared_ptr<const Artifact> artifact,
                                                   const std::uint8_t* code) {
  if (artifact->pieces() == nullptr || reinterpret_cast<std::uintptr_t>(code) % 4096 != 0) {
    return Error{Code::kInternal, artifact->name() + ": this code cannot be guarded", ""};
  }
  FERRY_CHECK_OK(take_faults());
  std::unique_ptr<CodeGuard> guard(new CodeGuard(std::move(artifact), code));
  if (!guard->allow(0, guard->size_, PROT_NONE)) {
    return errno_error("close the pages of unproven code", errno);
  }
  guard->range_.emplace(code, guard->size_, *guard);
  return guard;
}

bool CodeGuard::allow(std::uint64_t offset, std::uint64_t size, int protection) const {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): of its pages, not of its bytes
  return ::mprotect(const_cast<std::uint8_t*>(code_) + offset, size, protection) == 0;
}

bool CodeGuard::on_fault(std::uintptr_t address, FaultKind kind) {
  if (kind == FaultKind::kWrite || address < start_ || address - start_ >= size_) return false;
  const std::size_t piece = (address - start_) / kCodePiece;
  // Another thread may have opened it since: then the instruction only has to be tried again.
  if (open_[piece].load(std::memory_order_acquire)) return true;
  prove(piece);
  const std::uint64_t at = piece * kCodePiece;
  if (!allow(at, std::min(kCodePiece, size_ - at), PROT_READ | PROT_EXEC)) {
    open_all();
    return true;
  }
  if (!open_[piece].exchange(true, std::memory_order_release)) {
    opened_.fetch_add(1, std::memory_order_relaxed);
  }
  return true;
}

// Each piece may be a mapping of its own, and there is a bound on those (vm.max_map_count). One
// mapping is always possible.
void CodeGuard::open_all() {
  const std::size_t count = artifact_->pieces()->pieces.size();
  for (std::size_t i = 0; i < count; ++i) prove(i);
  if (!allow(0, size_, PROT_READ | PROT_EXEC)) {
    static_cast<void>(!::write(STDERR_FILENO, last_words_.data(), last_words_.size()));
    _exit(kBrokenExit);
  }
  for (std::size_t i = 0; i < count; ++i) open_[i].store(true, std::memory_order_release);
  opened_.store(count, std::memory_order_relaxed);
}

void CodeGuard::prove(std::size_t piece) const {
  if (artifact_->check_piece(piece)) return;
  static_cast<void>(!::write(STDERR_FILENO, last_words_.data(), last_words_.size()));
  _exit(kBrokenExit);
}

}  // namespace ferry::engine
