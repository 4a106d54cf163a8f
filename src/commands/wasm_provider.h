// Functions as `ferry` serves them: wasm files that the user named, compiled for the engine that
// the user chose.
#pragma once

#include <string>
#include <vector>

#include "commands/common_options.h"
#include "serve/provider.h"

namespace ferry::commands {

class WasmProvider final : public serve::Provider {
 public:
  WasmProvider(std::vector<std::string> paths, CommonOptions common)
      : paths_(std::move(paths)), common_(std::move(common)) {}

  std::string_view program() const override { return "ferry"; }
  void complain(const Error& error) const override;
  Result<std::vector<serve::Listed>> list(const serve::Wanted& wanted) override;
  // Compiles in a process of its own what the store does not have.
  Status prepare() override;
  Result<engine::LoadedEngine> make_engine(engine::EngineOptions options) override;
  Result<bundle::Bundle> bundle(std::size_t index, const engine::Info& engine) override;
  // This user's own key: what `ferry pack` signs with.
  Result<std::optional<bundle::VerifyKey>> upload_key() override;

 private:
  Status compile();

  std::vector<std::string> paths_;
  CommonOptions common_;
  std::vector<function::Function> functions_;
  engine::EngineOptions engine_options_;
  bool compiled_ = false;
};

}  // namespace ferry::commands
