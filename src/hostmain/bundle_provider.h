// Functions as ferry-host serves them: signed bundles in a folder, run by the engine linked in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hostmain/options.h"
#include "hostmain/packed.h"
#include "platforms/list.h"
#include "serve/provider.h"

namespace ferry::hostmain {

class BundleProvider : public serve::Provider {
 public:
  // `own_folder`: of this program, where bundles are looked for when nobody says where. Borrows
  // the options.
  BundleProvider(const Options& options, std::string own_folder)
      : options_(options), own_folder_(std::move(own_folder)) {}

  std::string_view program() const override { return "ferry-host"; }
  void complain(const Error& error) const override;
  Result<std::vector<serve::Listed>> list(const serve::Wanted& wanted) override;
  Result<engine::LoadedEngine> make_engine(engine::EngineOptions options) override;
  Result<bundle::Bundle> bundle(std::size_t index, const engine::Info& engine) override;
  std::unique_ptr<serve::Provider> fresh() const override;
  // The key beside the bundles, where there is one.
  Result<std::optional<bundle::VerifyKey>> upload_key() override;
  function::Sections sections() const override { return platforms::manifest_sections(); }

 private:
  std::string folder(const serve::Wanted& wanted) const;

  const Options& options_;
  std::string own_folder_;
  std::vector<Packed> packed_;
};

// What this program serves from; each defines it. `environment_varies`: as the platform says;
// `recorded`: events are. Borrows the options.
std::unique_ptr<serve::Provider> make_provider(const Options& options, bool environment_varies,
                                               bool recorded);

}  // namespace ferry::hostmain
