// Functions as they lie in a package: signed bundles, NAME.ferry, and the public key beside them,
// ferry.pub. What `ferry pack` writes and ferry-host reads.
#pragma once

#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "function/manifest.h"

namespace ferry::hostmain {

inline constexpr char kBundleSuffix[] = ".ferry";
inline constexpr char kKeyFile[] = "ferry.pub";

struct Packed {
  bundle::Bundle bundle;
  std::string name;
  function::Manifest manifest;
};

// How a key's file was found: beside the bundles, or by a name that the user gave.
enum class KeyNamed : unsigned char { kBeside, kByUser };

// A public key's file: 64 hexadecimal digits and a line's end. kDenied where others may write to
// it, and where it was only found beside the bundles and belongs to another user.
Result<bundle::VerifyKey> read_public_key(const std::string& path, KeyNamed named);

// `path` is a bundle or a folder of bundles, which are taken in the order of their names.
// `key_path` empty: kKeyFile in the same folder. kNotFound when there is no bundle.
Result<std::vector<Packed>> read_packed(const std::string& path, const std::string& key_path);

// Keeps the function of that name alone. Empty: all. kUsage names those that there are.
Status keep_named(std::vector<Packed>& packed, const std::string& name);

// The same of one opened bundle: reads its manifest.
Result<Packed> unpack(bundle::Bundle bundle);

// Whether there is any in this folder.
bool has_bundle(const std::string& folder);

}  // namespace ferry::hostmain
