// Functions as ferry-host-full serves them: ferry-host's bundles, and wasm that comes over the
// wire, of which it makes better versions as `ferry serve` does.
#pragma once

#include <optional>

#include "builder/function_options.h"
#include "builder/server_snapshot.h"
#include "hostmain/bundle_provider.h"

namespace ferry::hostfull {

// How this program makes an engine that needs no compiler; null: none is linked in.
using MakeQuickEngine = Result<engine::LoadedEngine> (*)(const engine::EngineOptions& options);

class UploadProvider final : public hostmain::BundleProvider {
 public:
  // Borrows the options.
  UploadProvider(const hostmain::Options& options, std::string own_folder,
                 const builder::ServedWhere& where, MakeQuickEngine make_quick_engine)
      : BundleProvider(options, std::move(own_folder)),
        snapshots_(!options.no_snapshot),
        where_(where),
        make_quick_engine_(make_quick_engine) {}

  bool improves_uploads() const override { return snapshots_ || make_quick_engine_ != nullptr; }
  void adopt(function::Function function, bool provisional) override;
  std::vector<serve::Search> searches() const override;
  Result<Better> find_better(const serve::Search& search, const engine::EngineOptions& options,
                             const bundle::MacKey& key) override;
  bool may_be_provisional(const function::Function& upload) const override;
  Result<engine::LoadedEngine> make_provisional_engine(
      const engine::EngineOptions& options) override;
  Result<bundle::Bundle> provisional_bundle_of(const function::Function& upload,
                                               const engine::Info& engine) override;

 private:
  const bool snapshots_;
  const builder::ServedWhere where_;
  const MakeQuickEngine make_quick_engine_;
  std::optional<function::Function> adopted_;
  bool provisional_ = false;
  // find_better()'s.
  std::optional<engine::LoadedEngine> trial_engine_;
  builder::Bundles bundles_;
};

}  // namespace ferry::hostfull
