// Places that a verb will write to, looked at before the work and not after it.
#pragma once

#include <string>

#include "base/result.h"

namespace ferry::commands {

// kUsage or kIo, naming `option`, where a folder there could not be made or written to.
Status check_folder_place(const std::string& option, const std::string& path);
// The same for a file.
Status check_file_place(const std::string& option, const std::string& path);

}  // namespace ferry::commands
