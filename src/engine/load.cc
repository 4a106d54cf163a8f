#include "engine/load.h"

#include "engine/code_guard.h"

namespace ferry::engine {
namespace {

class GuardedModule final : public Module {
 public:
  GuardedModule(std::unique_ptr<Module> module, std::unique_ptr<CodeGuard> guard)
      : module_(std::move(module)), guard_(std::move(guard)) {}

  Result<std::unique_ptr<Instance>> instantiate(const InstanceLimits& limits) override {
    return module_->instantiate(limits);
  }

 private:
  std::unique_ptr<Module> module_;
  std::unique_ptr<CodeGuard> guard_;  // goes first: afterwards the addresses may be another's
};

}  // namespace

Result<std::unique_ptr<Module>> load_artifact(Engine& engine,
                                              const std::shared_ptr<const Artifact>& artifact,
                                              std::uint64_t at_once) {
  if (const CodeProof* proof = artifact->code(); proof != nullptr && !artifact->is_proven()) {
    Result<MappedModule> mapped = engine.map(artifact->file(), artifact->size());
    if (mapped.ok() && proof->early.empty() && proof->size <= at_once) {
      // In the engine's own mapping: what was hashed is what will run, and it is mapped once.
      const std::uint8_t* code = mapped->image + proof->offset;
      bring_in({code, proof->size}, 0, proof->size);
      const PageRun all = artifact->all_code();
      if (!artifact->check(code, {&all, 1})) return artifact->changed();
      return std::move(mapped->module);
    }
    if (mapped.ok()) {
      auto guard = CodeGuard::make(artifact, mapped->image + proof->offset);
      if (guard.ok()) {
        return std::unique_ptr<Module>(
            new GuardedModule(std::move(mapped->module), std::move(*guard)));
      }
      if (guard.error().code == Code::kDenied) return std::move(guard).error();
    }
  }
  FERRY_TRY(const int file, artifact->proven());
  return engine.load(file, 0, artifact->size());
}

Result<WatchedModule> load_watched(Engine& engine,
                                   const std::shared_ptr<const Artifact>& artifact) {
  const CodeProof* proof = artifact->code();
  if (proof == nullptr) {
    return Error{Code::kUnsupported, artifact->name() + ": there is little code to watch", ""};
  }
  FERRY_TRY(MappedModule mapped, engine.map(artifact->file(), artifact->size()));
  FERRY_TRY(auto guard, CodeGuard::make_watch(artifact, mapped.image + proof->offset));
  const CodeGuard* watched = guard.get();
  return WatchedModule{
      std::unique_ptr<Module>(new GuardedModule(std::move(mapped.module), std::move(guard))),
      watched};
}

}  // namespace ferry::engine
