// What a manifest asks for beyond the function's own folder. A ferry.toml that came with a function
// is not the user: what is listed here needs the user's word (builder/allow.h). Everything else
// that a manifest grants stays in the folder that it came in.
#pragma once

#include <string>
#include <vector>

#include "function/manifest.h"

namespace ferry::function {

struct Asks {
  std::string manifest;  // where it was read from; empty: there is none, and nothing is asked
  std::string digest;    // "sha256:…" of its bytes
  // One for each, as a person is asked it: "read and write the folder /srv/data, as /data".
  std::vector<std::string> lines;
};

// Of the manifest that load_function (function.h) uses for the same arguments.
Result<Asks> find_asks(const std::string& path, const std::string& manifest_path,
                       Sections sections = {});

// Of a manifest that was read from this file. Symbolic links are followed first: a link in the
// folder that leads out of it is outside. The same in the same place gives the same lines.
std::vector<std::string> asks_of(const Manifest& manifest, const std::string& manifest_path);

}  // namespace ferry::function
