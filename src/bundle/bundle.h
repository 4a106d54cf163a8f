// A Bundle: a function made ready for one engine version and CPU. Native code, so never accepted
// from strangers: it is authenticated, by a key of this user (the local store) or by an Ed25519
// signature (packages), and checked against the engine's exact fingerprint.
// The format has a page: docs/formats/bundle.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/secret_bytes.h"
#include "bundle/artifact.h"
#include "wasi/file_tree.h"

namespace ferry::bundle {

struct BundleInfo {
  std::string function_name;
  std::string function_digest;  // of the original wasm
  std::string engine_name;
  std::string engine_fingerprint;  // version, flags, CPU
  std::string manifest;            // ferry.toml's text, or empty
  std::string facts;               // JSON: the wasm::Record of the module
  std::vector<PageRun> early;      // of the code: what a first event uses (code_guard.h)
  // That travel with the function; null: none. Shared by all copies of this, since it never
  // changes.
  std::shared_ptr<const wasi::FileTree> files = {};
};

// An opened, authenticated bundle. Its artifact starts the file, so that an engine can map it in
// place.
struct Bundle {
  BundleInfo info;
  std::shared_ptr<const Artifact> artifact;
  std::string warning;  // why the store could not keep it, for the user; or empty
};

// What authenticates a bundle. One of the two.
struct MacKey {
  SecretBytes<32> bytes;
};
struct SigningKey {
  SecretBytes<64> secret;  // Ed25519, libsodium's form
};
struct VerifyKey {
  std::array<std::uint8_t, 32> bytes{};  // Ed25519 public key
};

Bytes write_bundle(const BundleInfo& info, ByteView artifact, const MacKey& key);
Bytes write_bundle(const BundleInfo& info, ByteView artifact, const SigningKey& key);

// kDenied: another key, or a changed file; kInvalid: no bundle, or a truncated one (its mark is
// at the end); kUnsupported: a format version we do not know. Nothing of it is used before the
// check has passed; larger code is checked when it is first used (bundle/load.h).
Result<Bundle> open_bundle(const std::string& path, const MacKey& key);
Result<Bundle> open_bundle(const std::string& path, const VerifyKey& key);

// The same from memory, kept in a sealed memfd: for a bundle that no disk would take.
Result<Bundle> open_bundle(ByteView bytes, const MacKey& key);
Result<Bundle> open_bundle(ByteView bytes, const VerifyKey& key);

// The same without a copy, where processes share one: what seal_bundle() made is as it was when it
// was sealed. kDenied where it is not sealed.
Result<Fd> seal_bundle(ByteView bytes);
Result<Bundle> open_sealed(Fd sealed, const MacKey& key);

// kUnsupported naming both sides unless the bundle was made for this engine and CPU. The
// fingerprint carries the architecture (base/architecture.h).
Status check_bundle_engine(const BundleInfo& info, std::string_view engine_name,
                           std::string_view fingerprint);

}  // namespace ferry::bundle
