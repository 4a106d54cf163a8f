// Functions as `ferry` serves them: wasm files that the user named, compiled for the engine that
// the user chose.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builder/function_options.h"
#include "builder/server_snapshot.h"
#include "commands/common_options.h"
#include "serve/provider.h"

namespace ferry::commands {

class WasmProvider final : public serve::Provider {
 public:
  // What is looked for while the functions are served already (searches()); for those who do look.
  struct Later {
    bool compiled = false;   // compiled code of what is large; until then an interpreter answers
    bool snapshots = false;  // of start-ups
    builder::ServedWhere where = {};
  };
  WasmProvider(std::vector<std::string> paths, CommonOptions common, Later later)
      : paths_(std::move(paths)), common_(std::move(common)), later_(later) {}
  WasmProvider(std::vector<std::string> paths, CommonOptions common)
      : WasmProvider(std::move(paths), std::move(common), Later{}) {}

  std::string_view program() const override { return "ferry"; }
  void complain(const Error& error) const override;
  Result<std::vector<serve::Listed>> list(const serve::Wanted& wanted) override;
  // Compiles in a process of its own what the store does not have; but what takes long, where an
  // interpreter can answer meanwhile.
  Status prepare() override;
  // In its place, for who cannot wait: where an interpreter may answer for all functions it does,
  // without a look at what the store has. False: it may not.
  bool answer_quickly();
  Result<engine::LoadedEngine> make_engine(engine::EngineOptions options) override;
  Result<bundle::Bundle> bundle(std::size_t index, const engine::Info& engine) override;
  void distrust_kept_code() override;
  void forget_keys() override;
  void let_go() override;
  bool is_provisional(std::size_t index) const override;
  Result<engine::LoadedEngine> make_provisional_engine(
      const engine::EngineOptions& options) override;
  Result<bundle::Bundle> provisional_bundle(std::size_t index, const engine::Info& engine) override;
  std::vector<serve::Search> searches() const override;
  Result<Better> find_better(const serve::Search& search, const engine::EngineOptions& options,
                             const bundle::MacKey& key) override;
  bool improves_uploads() const override { return later_.compiled || later_.snapshots; }
  void adopt(function::Function function, bool provisional) override;
  bool may_be_provisional(const function::Function& upload) const override;
  Result<bundle::Bundle> provisional_bundle_of(const function::Function& upload,
                                               const engine::Info& engine) override;
  std::unique_ptr<serve::Provider> fresh() const override;
  // This user's own key: what `ferry pack` signs with.
  Result<std::optional<bundle::VerifyKey>> upload_key() override;
  function::Sections sections() const override { return common_.sections; }

 private:
  Result<Bytes> compile();
  void say_provisional() const;
  Status compile_all(const std::vector<std::size_t>& missing, const engine::Info& info);

  std::vector<std::string> paths_;
  CommonOptions common_;
  Later later_;
  std::vector<function::Function> functions_;
  std::optional<engine::LoadedEngine> trial_engine_;  // find_better's
  engine::EngineOptions engine_options_;
  bool compiled_ = false;
  Bytes provisional_;  // by function: 1 where it is
  bool adopted_ = false;
  builder::Bundles adopted_bundles_;  // of find_better(), of what was adopted
};

}  // namespace ferry::commands
