// Whether a file is a bundle at all, for messages to who took something else for one.
#pragma once

#include <string>

namespace ferry::bundle {

// Whether the file bears a bundle's mark, of whatever version and maker; nothing else is looked at.
bool is_bundle(const std::string& path);

}  // namespace ferry::bundle
