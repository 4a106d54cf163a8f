// What a bundle store holds, and its bounds. The time at which a bundle was last used is its
// file's: a store that is used a lot keeps what is used.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace ferry::bundle {

struct KeptFile {
  std::string path;
  std::uint64_t bytes = 0;  // on disk
  std::chrono::system_clock::time_point used;
};

// The bundles in a store's folder, last used first. Files of other kinds (the key, locks) are left
// out, but temporary ones of writers that were killed are there.
Result<std::vector<KeptFile>> kept_files(const std::string& folder);

struct Bounds {
  std::uint64_t bytes = 0;
  std::chrono::seconds age{0};
};
// 2 GiB and 60 days, unless $FERRY_CACHE_SIZE ("500MiB") or $FERRY_CACHE_DAYS is set.
Bounds default_bounds();

struct Pruned {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};
// Removes what is older than the bounds' age, then the files that were not used for longest until
// the rest fits; never `keep`. A file that is in use stays usable where it is open. Safe for
// several processes at once.
Result<Pruned> prune(const std::string& folder, const Bounds& bounds, const std::string& keep = "");

// Notes that a bundle was used now; at most once an hour, since it writes to the disk.
void mark_used(const std::string& path);

}  // namespace ferry::bundle
