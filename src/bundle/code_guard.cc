#include "bundle/code_guard.h"

#include <algorithm>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle/bundle_mark.h"

namespace ferry::bundle {
namespace {

// Markers in the page tables, in place of mappings that each have a protection of their own: Linux
// 6.15 for what is mapped from a file. mprotect splits the mapping, which takes several times as
// long. Both hold across a fork.
constexpr int kGuardInstall = 102;  // MADV_GUARD_INSTALL
constexpr int kGuardRemove = 103;   // MADV_GUARD_REMOVE

// Asks the kernel, and raises no signal: it copies the event before it looks at the descriptors. A
// call that a sandbox allows (host/sandbox_calls.cc).
bool is_closed(void* page) {
  return ::epoll_ctl(-1, EPOLL_CTL_ADD, -1, static_cast<epoll_event*>(page)) != 0 &&
         errno == EFAULT;
}

}  // namespace

CodeGuard::CodeGuard(std::shared_ptr<const Artifact> artifact, const std::uint8_t* code,
                     std::size_t piece, Closing closing)
    : artifact_(std::move(artifact)),
      code_(code),
      start_(reinterpret_cast<std::uintptr_t>(code)),
      size_(artifact_->code()->size),
      piece_(piece),
      by_markers_(closing == Closing::kBest),
      open_(new std::atomic<bool>[pieces()]()),
      remove_(stored_at(artifact_->name())) {
  const std::string what =
      "ferry: " + artifact_->name() +
      ": the bundle's code was changed, or cannot be checked; it was not run. ";
  last_words_ = what + "It is made again at the next start\n";
  last_words_of_kept_ = what + (remove_.empty() ? "Make the bundle again\n"
                                                : "A server's next worker makes it again; where "
                                                  "there is none: ferry cache --clear\n");
}

Result<std::unique_ptr<CodeGuard>> CodeGuard::make(std::unique_ptr<CodeGuard> guard,
                                                   std::span<const PageRun> early) {
  if (::sysconf(_SC_PAGESIZE) != kCodePage) {
    return Error{Code::kUnsupported, "this kernel's pages are not of 4 KiB", ""};
  }
  FERRY_CHECK_OK(take_faults());
  // Nobody has the module yet.
  FERRY_CHECK_OK(guard->artifact_->bring_code(guard->code_, early));
  if (!guard->close_all_but(early)) return errno_error("close the pages of unproven code", errno);
  guard->range_.emplace(guard->code_, guard->size_, *guard);
  return guard;
}

Result<std::unique_ptr<CodeGuard>> CodeGuard::make(const std::shared_ptr<const Artifact>& artifact,
                                                   const std::uint8_t* code, Closing closing) {
  if (artifact->code() == nullptr || reinterpret_cast<std::uintptr_t>(code) % kCodePage != 0) {
    return Error{Code::kInternal, artifact->name() + ": this code cannot be guarded", ""};
  }
  const std::vector<PageRun>& early = artifact->code()->early;
  constexpr std::size_t kPiece = kCodePiece / kCodePage;
  return make(std::unique_ptr<CodeGuard>(new CodeGuard(artifact, code, kPiece, closing)), early);
}

Result<std::unique_ptr<CodeGuard>> CodeGuard::make_watch(std::shared_ptr<const Artifact> artifact,
                                                         const std::uint8_t* code) {
  if (artifact->code() == nullptr || reinterpret_cast<std::uintptr_t>(code) % kCodePage != 0) {
    return Error{Code::kInternal, artifact->name() + ": this code cannot be watched", ""};
  }
  return make(
      std::unique_ptr<CodeGuard>(new CodeGuard(std::move(artifact), code, 1, Closing::kBest)), {});
}

void* CodeGuard::address(PageRun pages) const {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): of its pages, not of its bytes
  return const_cast<std::uint8_t*>(code_) + pages.first * kCodePage;
}

bool CodeGuard::close(PageRun pages) const {
  const std::size_t size = pages.count * kCodePage;
  return by_markers_ ? ::madvise(address(pages), size, kGuardInstall) == 0
                     : ::mprotect(address(pages), size, PROT_NONE) == 0;
}

CodeGuard::Opened CodeGuard::open(PageRun pages) const {
  if (artifact_->reads_code()) return move_in(pages);
  if (!artifact_->check(pages)) return Opened::kChanged;
  const std::size_t size = pages.count * kCodePage;
  const bool opened = by_markers_ ? ::madvise(address(pages), size, kGuardRemove) == 0
                                  : ::mprotect(address(pages), size, PROT_READ | PROT_EXEC) == 0;
  return opened ? Opened::kDone : Opened::kNoRoom;
}

// Another thread may do the same at once: then the one's pages take the place of the other's, which
// are the same.
CodeGuard::Opened CodeGuard::move_in(PageRun pages) const {
  const std::size_t size = pages.count * kCodePage;
  void* made = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) return Opened::kNoRoom;
  // Where the code's first page would be.
  auto* code = static_cast<std::uint8_t*>(made) - pages.first * kCodePage;
  Opened opened = Opened::kChanged;
  if (artifact_->read(pages, code) && artifact_->check(code, {&pages, 1})) {
    opened = make_runnable(made, size) && ::mremap(made, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
                                                   address(pages)) != MAP_FAILED
                 ? Opened::kDone
                 : Opened::kNoRoom;
  }
  if (opened != Opened::kDone) ::munmap(made, size);
  return opened;
}

bool CodeGuard::close_all_but(std::span<const PageRun> early) {
  std::vector<PageRun> others;
  const std::uint32_t end = artifact_->all_code().count;
  std::uint32_t at = 0;
  for (const PageRun& run : early) {
    if (run.first > at) others.push_back({at, run.first - at});
    at = run.first + run.count;
  }
  if (at < end) others.push_back({at, end - at});
  // Where the kernel refuses the first marker it knows none; QEMU's emulation of a process accepts
  // and ignores it.
  by_markers_ =
      by_markers_ && !others.empty() && close(others.front()) && is_closed(address(others.front()));
  return std::ranges::all_of(others, [&](const PageRun& run) { return close(run); });
}

PageRun CodeGuard::pages_of(std::size_t piece) const {
  const std::size_t first = piece * piece_;
  return {static_cast<std::uint32_t>(first),
          static_cast<std::uint32_t>(std::min(piece_, artifact_->all_code().count - first))};
}

std::vector<PageRun> CodeGuard::touched() const {
  // A mapping more costs about as much as the hash and the mapping of two or three pages.
  constexpr std::uint32_t kWorthClosing = 3;
  std::vector<PageRun> out;
  for (std::size_t i = 0; i < pieces(); ++i) {
    if (!open_[i].load(std::memory_order_acquire)) continue;
    const PageRun run = pages_of(i);
    if (out.empty() || run.first - (out.back().first + out.back().count) >= kWorthClosing) {
      out.push_back(run);
    } else {
      out.back().count = run.first + run.count - out.back().first;
    }
  }
  return out;
}

bool CodeGuard::on_fault(std::uintptr_t address, FaultKind kind) {
  if (kind == FaultKind::kWrite || address < start_ || address - start_ >= size_) return false;
  const std::size_t piece = (address - start_) / kCodePage / piece_;
  // Another thread may have opened it since: then the instruction only has to be tried again.
  if (open_[piece].load(std::memory_order_acquire)) return true;
  const Opened opened = open(pages_of(piece));
  if (opened == Opened::kChanged) give_up();
  if (opened == Opened::kNoRoom) {
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
  const std::size_t count = pieces();
  const Opened opened = open(artifact_->all_code());
  if (opened == Opened::kChanged) give_up();
  if (opened == Opened::kNoRoom) {
    static_cast<void>(
        !::write(STDERR_FILENO, last_words_of_kept_.data(), last_words_of_kept_.size()));
    _exit(kBrokenExit);
  }
  for (std::size_t i = 0; i < count; ++i) open_[i].store(true, std::memory_order_release);
  opened_.store(count, std::memory_order_relaxed);
}

void CodeGuard::give_up() const {
  // A process that is shut in removes nothing.
  const bool removed = !remove_.empty() && ::unlink(remove_.c_str()) == 0;
  const std::string& words = removed ? last_words_ : last_words_of_kept_;
  static_cast<void>(!::write(STDERR_FILENO, words.data(), words.size()));
  _exit(kBrokenExit);
}

}  // namespace ferry::bundle
