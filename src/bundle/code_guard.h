// Lets native code run only after it has been proven. An artifact's code lies in memory, mapped
// from its file by an engine. Pages that a first event was seen to use are proven at once; all
// others are closed. The first touch of one raises SIGSEGV (fault_router.h), the piece that it is
// in is hashed, and is opened for reading and execution only if the hashes are the proven ones. It
// is hashed through a mapping of our own where the artifact's file holds the code; else it is read
// into memory of its own, hashed there, and moved to its place as a whole, so that no other thread
// ever sees a part of it. A piece that was changed, or cannot be read, ends the process at once,
// with a message on stderr and kBrokenExit: code that is running cannot be handed an error.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/fault_router.h"
#include "bundle/artifact.h"

namespace ferry::bundle {

// That of an Outcome that is `broken` (host/outcome.h).
inline constexpr int kBrokenExit = 9;

// How pages are closed: as is fastest here, or as every kernel can.
enum class Closing : unsigned char { kBest, kProtect };

class CodeGuard final : public FaultAnswer {
 public:
  // `code`: where the engine has mapped artifact->code(). Whoever runs it keeps this alive and
  // ends it before the memory is used for anything else. kDenied: what is used early was changed.
  static Result<std::unique_ptr<CodeGuard>> make(const std::shared_ptr<const Artifact>& artifact,
                                                 const std::uint8_t* code,
                                                 Closing closing = Closing::kBest);
  // The same with everything closed and a piece being a page, to see what is used: touched().
  static Result<std::unique_ptr<CodeGuard>> make_watch(std::shared_ptr<const Artifact> artifact,
                                                       const std::uint8_t* code);

  bool on_fault(std::uintptr_t address, FaultKind kind) override;

  // Of all pieces, how many were opened by a touch.
  std::size_t opened() const { return opened_.load(std::memory_order_relaxed); }
  // Of a watch: the pages that were touched, for CodeProof::early. Where few lie between two, they
  // count as well: to close them would take longer than to hash them.
  std::vector<PageRun> touched() const;

 private:
  CodeGuard(std::shared_ptr<const Artifact> artifact, const std::uint8_t* code, std::size_t piece,
            Closing closing);
  static Result<std::unique_ptr<CodeGuard>> make(std::unique_ptr<CodeGuard> guard,
                                                 std::span<const PageRun> early);
  void* address(PageRun pages) const;
  // What came of opening pages.
  enum class Opened : unsigned char { kDone, kNoRoom, kChanged };
  bool close(PageRun pages) const;
  Opened open(PageRun pages) const;
  Opened move_in(PageRun pages) const;
  bool close_all_but(std::span<const PageRun> early);
  std::size_t pieces() const { return (artifact_->all_code().count + piece_ - 1) / piece_; }
  PageRun pages_of(std::size_t piece) const;
  void open_all();
  [[noreturn]] void give_up() const;

  std::shared_ptr<const Artifact> artifact_;
  const std::uint8_t* code_;
  std::uintptr_t start_;  // the same
  std::uint64_t size_;
  std::size_t piece_;  // in pages
  bool by_markers_;    // in the page tables, where the kernel has them; else by protection
  std::unique_ptr<std::atomic<bool>[]> open_;  // by piece
  std::atomic<std::size_t> opened_{0};
  std::string remove_;  // the file, where a store makes it again; else empty
  // Made ahead, since the handler cannot make any; the second where the file was not removed.
  std::string last_words_;
  std::string last_words_of_kept_;
  std::optional<FaultRange> range_;
};

}  // namespace ferry::bundle
