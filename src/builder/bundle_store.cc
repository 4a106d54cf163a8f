#include "builder/bundle_store.h"

#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "base/say.h"
#include "base/scratch.h"
#include "builder/said_once.h"

namespace ferry::builder {

bundle::Store& bundle_store() {
  // Lives as long as the program: processes forked from this one use the same folder.
  static std::optional<ScratchFolder> instead;
  static bundle::Store store = [] {
    share_said_once();  // among the processes forked from this one, as the store is
    auto opened = bundle::Store::open({});
    if (opened.ok()) {
      return *std::move(opened);
    }
    auto scratch = ScratchFolder::make("cache");
    auto other = scratch.ok() ? bundle::Store::open({scratch->at("bundles")})
                              : Result<bundle::Store>(scratch.error());
    say("ferry: compiled functions are not kept: {}\n  hint: {}\n", opened.error().message,
        opened.error().hint.empty() ? "set XDG_CACHE_HOME to a folder that you can write to"
                                    : opened.error().hint);
    if (!other.ok()) {
      return bundle::Store::in_memory();
    }
    instead.emplace(*std::move(scratch));
    return *std::move(other);
  }();
  return store;
}

const function::LoweredCache& lowered_cache() {
  class OfStore final : public function::LoweredCache {
   public:
    std::optional<Bytes> find(const std::string& digest) const override {
      return bundle_store().find(digest);
    }
    void keep(const std::string& name, const std::string& digest, ByteView lowered) const override {
      bundle_store().keep(name, digest, lowered);
    }
  };
  static const OfStore cache;
  return cache;
}

}  // namespace ferry::builder
