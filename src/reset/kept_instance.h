// An instance that serves event after event, each from exactly the first state: after an event the
// pages it wrote are copied back and the globals set. Whenever anything is in doubt (the memory
// grew, the guest trapped or was ended, more pages were written than can be listed) reset() returns
// false, and the next event gets a new instance.
//
// Which modules may be kept is decided before, by reading their code (can_keep).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "reset/first_state.h"
#include "reset/memory_use.h"
#include "reset/page_guard.h"
#include "wasm/record.h"

namespace ferry::reset {

// Whether this engine can reset instances of a module with this record, and if not why.
Status can_keep(const wasm::Record& record, const engine::Capabilities& capabilities);

// The exports that hold the module's mutable globals after preparation, and ours.
std::vector<std::string> globals_to_keep(const wasm::Record& record);

class KeptInstance {
 public:
  // `first` was taken from an instance of the same module; `instance` is fresh. `total`: what the
  // pages count for that it has written so far, and holds until it goes.
  static Result<std::unique_ptr<KeptInstance>> make(std::unique_ptr<engine::Instance> instance,
                                                    std::shared_ptr<FirstState> first,
                                                    GuardKind kind,
                                                    const MemoryTotal& total = nullptr);
  ~KeptInstance();

  engine::Instance& instance() { return *instance_; }

  // Around each call into the guest, on the thread that makes it.
  class Entered {
   public:
    explicit Entered(KeptInstance& kept) : kept_(kept) { kept_.guard_->enter(); }
    ~Entered() { kept_.guard_->leave(); }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

   private:
    KeptInstance& kept_;
  };

  // Puts the first state back. False: it must not be used again.
  [[nodiscard]] bool reset();

  // For tests and the checking mode: compares the whole memory and all globals with the first
  // state. The error names the first difference.
  Status compare();

 private:
  explicit KeptInstance(const MemoryTotal& total) : use_(total) {}
  void copy_back(const std::vector<PageIndex>& pages);
  void count(const std::vector<PageIndex>& pages);

  std::unique_ptr<engine::Instance> instance_;
  std::shared_ptr<FirstState> first_;
  std::unique_ptr<PageGuard> guard_;  // goes before the instance whose memory it watches
  std::uint8_t* base_ = nullptr;
  std::vector<engine::GlobalHandle> globals_;
  std::vector<PageIndex> hot_;
  std::vector<PageIndex> written_;
  std::vector<PageIndex> newly_hot_;
  unsigned events_ = 0;
  std::vector<bool> had_;  // by page: it has been written once
  std::size_t had_count_ = 0;
  MemoryUse use_;
};

}  // namespace ferry::reset
