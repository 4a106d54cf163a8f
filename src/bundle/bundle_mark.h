// What a file is that is a bundle, or that looks like one.
#pragma once

#include <string>

namespace ferry::bundle {

// Whether the file has a bundle's mark, of any version and maker; nothing else is checked.
bool is_bundle(const std::string& path);

// The key in a store's folder, which tells such a folder from others.
inline constexpr char kStoreKey[] = "store.key";

// The path of a bundle that lies in a store, which makes it again when it is gone; else empty.
std::string stored_at(const std::string& path);

}  // namespace ferry::bundle
