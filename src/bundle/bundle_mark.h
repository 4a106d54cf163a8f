// What a file is that is, or is taken for, a bundle.
#pragma once

#include <string>

namespace ferry::bundle {

// Whether the file bears a bundle's mark, of whatever version and maker; nothing else is looked at.
bool is_bundle(const std::string& path);

// The key in a store's folder, which tells such a folder from others.
inline constexpr char kStoreKey[] = "store.key";

// The path of a bundle that lies in a store, which makes it again when it is gone; else empty.
std::string stored_at(const std::string& path);

}  // namespace ferry::bundle
