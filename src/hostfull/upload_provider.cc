#include "hostfull/upload_provider.h"

#include <algorithm>

#include "builder/quick_tier.h"

namespace ferry::hostfull {

void UploadProvider::adopt(function::Function function, bool provisional) {
  adopted_ = std::move(function);
  provisional_ = provisional;
}

std::vector<serve::Search> UploadProvider::searches() const {
  std::vector<serve::Search> out;
  if (adopted_ && provisional_) out.push_back({0, serve::Improvement::kCompiled});
  if (adopted_ && snapshots_) out.push_back({0, serve::Improvement::kSnapshot});
  return out;
}

Result<serve::Provider::Better> UploadProvider::find_better(const serve::Search& search,
                                                            const engine::EngineOptions& options,
                                                            const bundle::MacKey& key) {
  engine::EngineOptions trial = options;
  trial.max_instances = std::max(options.max_instances, builder::kTrialInstances);
  if (!trial_engine_) {
    FERRY_TRY(trial_engine_, make_engine(trial));
    bundles_ = builder::passing_bundles((*trial_engine_)->info(), trial);
  }
  builder::ServerVersion made;
  if (search.what == serve::Improvement::kSnapshot) {
    builder::Looking looking{std::nullopt, [this] { forget_keys(); }};
    if (provisional_) {  // its code was looked for first
      FERRY_TRY(looking.original, bundles_(*adopted_));
    }
    FERRY_TRY(made, builder::snapshot_for_server(**trial_engine_, trial, *adopted_, key, where_,
                                                 looking));
  } else {
    FERRY_TRY(made,
              builder::compiled_for_server((*trial_engine_)->info(), *adopted_, key, bundles_));
  }
  return Better{std::move(made.bundle), std::move(made.words)};
}

bool UploadProvider::may_be_provisional(const function::Function& upload) const {
  return make_quick_engine_ != nullptr && builder::may_answer_quickly(upload);
}

Result<engine::LoadedEngine> UploadProvider::make_provisional_engine(
    const engine::EngineOptions& options) {
  engine::EngineOptions quick = options;
  quick.variant = engine::kLazyVariant;
  return make_quick_engine_(quick);
}

Result<bundle::Bundle> UploadProvider::provisional_bundle_of(const function::Function& upload,
                                                             const engine::Info& engine) {
  return builder::make_quick_bundle(upload, engine);
}

}  // namespace ferry::hostfull
