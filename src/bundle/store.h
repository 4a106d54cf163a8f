// The bundle store: $XDG_CACHE_HOME/ferry (else ~/.cache/ferry), folder 0700, one file a bundle,
// keyed by function digest, engine fingerprint and preparation version, written atomically,
// authenticated with a key that only this user can read. A changed or truncated bundle is
// noticed and made anew, never run. Safe for many processes at once. The lowered form of a large
// component is kept in the same way, as a bundle of its own whose artifact it is.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "function/function.h"

namespace ferry::bundle {

struct StoreOptions {
  std::string folder;  // empty: from the environment
};

class Store final : public function::LoweredCache {
 public:
  static Result<Store> open(const StoreOptions& options);
  // One that keeps nothing, for where no folder can be written to: each bundle is compiled when it
  // is requested, and is held in memory.
  static Store in_memory();

  // What makes an artifact when there is none: prepared wasm in, artifact out.
  using Compile = std::function<Result<Bytes>(ByteView prepared)>;

  // The bundle of this function for this engine, from the store or made now with `compile`.
  // `was_cached` (may be null) says which.
  Result<Bundle> get(const function::Function& function, const engine::Info& engine,
                     const Compile& compile, bool* was_cached);

  // A process ended since code that is kept here was changed, and it was shut in and could not
  // remove it. From now on get() proves all of a bundle's code before it gives it out, and makes it
  // again where it is not what it was.
  void prove_whole() { proves_whole_ = true; }

  // Takes the store's key out of this process's memory. From now on it keeps nothing.
  void forget_key();

  // Whether the bundle is there without compiling; it is not verified yet.
  bool holds(const function::Function& function, const engine::Info& engine) const;

  std::optional<Bytes> find(const std::string& digest) const override;
  void keep(const std::string& name, const std::string& digest, ByteView lowered) const override;

  // What a bundle of the store's folder holds; its code is not proven.
  Result<BundleInfo> info_of(const std::string& path) const;

  const std::string& folder() const { return folder_; }  // empty: in memory

 private:
  Result<Bytes> make(const function::Function& function, const engine::Info& engine,
                     const Compile& compile) const;

  // As it is kept; an error where it must be made again.
  Result<Bundle> open_kept(const std::string& path, const function::Function& function,
                           const engine::Info& engine) const;

  std::string folder_;
  MacKey key_;
  bool proves_whole_ = false;
};

}  // namespace ferry::bundle
