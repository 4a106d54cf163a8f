// What no function is ever granted: a folder with the function's own bundle in it,
// or with the keys that authenticate bundles. A guest that may write there writes the native code
// of the next start, and one that may read there learns the store's key.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "wasi/context.h"

namespace ferry::host {

// kDenied, naming the file, if one of `files` lies in the folder or below it. Files that do not
// exist are nowhere. Thread-safe. `host_path` is the folder's name for messages.
ferry::Status check_holds_none(const wasi::Directory& directory, const std::string& host_path,
                               std::span<const std::string> files);
// The same of a folder that is not yet opened; one that does not exist holds nothing.
ferry::Status check_holds_none(const std::string& host_path, std::span<const std::string> files);

}  // namespace ferry::host
