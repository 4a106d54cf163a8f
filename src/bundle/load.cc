#include "bundle/load.h"

#include "bundle/code_guard.h"

namespace ferry::bundle {
namespace {

class GuardedModule final : public engine::Module {
 public:
  GuardedModule(std::unique_ptr<engine::Module> module, std::unique_ptr<CodeGuard> guard)
      : module_(std::move(module)), guard_(std::move(guard)) {}

  Result<std::unique_ptr<engine::Instance>> instantiate(
      const engine::InstanceLimits& limits) override {
    return module_->instantiate(limits);
  }

 private:
  std::unique_ptr<engine::Module> module_;
  std::unique_ptr<CodeGuard> guard_;  // goes first: afterwards the addresses may be another's
};

}  // namespace

Result<std::unique_ptr<engine::Module>> load_artifact(
    engine::Engine& engine, const std::shared_ptr<const Artifact>& artifact,
    std::uint64_t at_once) {
  if (const CodeProof* proof = artifact->code(); proof != nullptr && !artifact->is_proven()) {
    Result<engine::MappedModule> mapped = engine.map(artifact->file(), artifact->size());
    if (mapped.ok() && proof->early.empty() && proof->size <= at_once) {
      const PageRun all = artifact->all_code();
      const Status brought = artifact->bring_code(mapped->image + proof->offset, {&all, 1});
      if (brought.ok()) return std::move(mapped->module);
      if (brought.error().code == Code::kDenied) return brought.error();
    } else if (mapped.ok()) {
      auto guard = CodeGuard::make(artifact, mapped->image + proof->offset);
      if (guard.ok()) {
        return std::unique_ptr<engine::Module>(
            new GuardedModule(std::move(mapped->module), std::move(*guard)));
      }
      if (guard.error().code == Code::kDenied) return std::move(guard).error();
    }
  }
  FERRY_TRY(const int file, artifact->proven());
  return engine.load(file, 0, artifact->size());
}

Result<WatchedModule> load_watched(engine::Engine& engine,
                                   const std::shared_ptr<const Artifact>& artifact) {
  const CodeProof* proof = artifact->code();
  if (proof == nullptr) {
    return Error{Code::kUnsupported, artifact->name() + ": there is little code to watch", ""};
  }
  FERRY_TRY(engine::MappedModule mapped, engine.map(artifact->file(), artifact->size()));
  FERRY_TRY(auto guard, CodeGuard::make_watch(artifact, mapped.image + proof->offset));
  const CodeGuard* watched = guard.get();
  return WatchedModule{std::unique_ptr<engine::Module>(
                           new GuardedModule(std::move(mapped.module), std::move(guard))),
                       watched};
}

}  // namespace ferry::bundle
