#include "hostmain/bundle_provider.h"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "base/say.h"
#include "engine/loader.h"

namespace ferry::hostmain {

void BundleProvider::complain(const Error& error) const { say("ferry-host: {}\n", error.text()); }

std::string BundleProvider::folder(const serve::Wanted& wanted) const {
  if (!options_.bundle.empty()) {
    return options_.bundle;
  }
  for (const std::string& each : wanted.folders) {
    std::string path = each.starts_with('/') ? each : own_folder_ + "/" + each;
    if (has_bundle(path)) {
      return path;
    }
  }
  return own_folder_;
}

Result<std::vector<serve::Listed>> BundleProvider::list(const serve::Wanted& wanted) {
  auto packed = read_packed(folder(wanted), options_.key);
  if (packed.ok()) {
    packed_ = *std::move(packed);
  } else if (!wanted.may_be_none || packed.error().code != Code::kNotFound ||
             !options_.bundle.empty()) {
    return std::move(packed).error();
  }
  FERRY_CHECK_OK(keep_named(packed_, options_.function));
  // Without one of that name all stay: Lambda wants a handler even where there is one function.
  static_cast<void>(keep_named(packed_, wanted.only).ok());
  std::vector<serve::Listed> listed;
  listed.reserve(packed_.size());
  for (const Packed& each : packed_) {
    listed.push_back({each.name, each.manifest});
  }
  return listed;
}

Result<engine::LoadedEngine> BundleProvider::make_engine(engine::EngineOptions options) {
  return engine::make_linked_engine(options);
}

Result<bundle::Bundle> BundleProvider::bundle(std::size_t index, const engine::Info& /*engine*/) {
  return packed_[index].bundle;
}

std::unique_ptr<serve::Provider> BundleProvider::fresh() const {
  return std::make_unique<BundleProvider>(options_, own_folder_);
}

Result<std::optional<bundle::VerifyKey>> BundleProvider::upload_key() {
  const std::string path = options_.key.empty() ? folder({}) + "/" + kKeyFile : options_.key;
  if (access(path.c_str(), F_OK) != 0) {
    return std::optional<bundle::VerifyKey>();
  }
  FERRY_TRY(const bundle::VerifyKey key,
            read_public_key(path, options_.key.empty() ? KeyNamed::kBeside : KeyNamed::kByUser));
  return std::optional<bundle::VerifyKey>(key);
}

}  // namespace ferry::hostmain
