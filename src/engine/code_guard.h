// Lets native code run only after it has been proven. An artifact's code lies in memory, mapped
// from its file by an engine; its pages are closed. The first touch of a piece raises SIGSEGV
// (fault_router.h), the piece is hashed through a mapping of our own, and is opened for reading and
// execution only if the hash is the proven one. A piece that was changed ends the process at once,
// with a message on stderr and kBrokenExit: what has begun to run cannot be told so.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "engine/artifact.h"
#include "engine/fault_router.h"

namespace ferry::engine {

// That of an Outcome that is `broken` (host/outcome.h).
inline constexpr int kBrokenExit = 9;

class CodeGuard final : public FaultAnswer {
 public:
  // `code`: where the engine has mapped artifact->pieces(). Whoever runs it keeps this alive and
  // ends it before the memory is used for anything else.
  static Result<std::unique_ptr<CodeGuard>> make(std::shared_ptr<const Artifact> artifact,
                                                 const std::uint8_t* code);

  bool on_fault(std::uintptr_t address, FaultKind kind) override;

  // Of all pieces, how many are open.
  std::size_t opened() const { return opened_.load(std::memory_order_relaxed); }

 private:
  CodeGuard(std::shared_ptr<const Artifact> artifact, const std::uint8_t* code);
  bool allow(std::uint64_t offset, std::uint64_t size, int protection) const;
  // These close to nothing else: they end the process when the code is not what it must be.
  void prove(std::size_t piece) const;
  void open_all();

  std::shared_ptr<const Artifact> artifact_;
  const std::uint8_t* code_;
  std::uintptr_t start_;  // the same
  std::uint64_t size_;
  std::unique_ptr<std::atomic<bool>[]> open_;  // by piece
  std::atomic<std::size_t> opened_{0};
  std::string last_words_;  // made ahead: the handler cannot make any
  std::optional<FaultRange> range_;
};

}  // namespace ferry::engine
