#include "commands/place.h"

#include <cerrno>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

namespace ferry::commands {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

Status check_writable(const std::string& option, const fs::path& folder) {
  if (::access(folder.c_str(), W_OK | X_OK) == 0) {
    return Done{};
  }
  return errno_error(fmt::format("{}: write to {}", option, folder.string()), errno);
}

}  // namespace

Status check_folder_place(const std::string& option, const std::string& path) {
  // The nearest that is there; the rest would be made.
  fs::path at = fs::path(path).lexically_normal();
  while (!at.empty() && !is_there(at) && at.has_relative_path()) {
    at = at.parent_path();
  }
  at = at.empty() ? fs::path(".") : at;
  if (!is_folder(at)) {
    return Error{
        Code::kUsage,
        fmt::format("{} {}: {} is a file, and this has to be a folder", option, path, at.string()),
        "name another place, or move the file away"};
  }
  return check_writable(option, at);
}

Status check_file_place(const std::string& option, const std::string& path) {
  if (is_folder(path)) {
    return Error{Code::kUsage, fmt::format("{} {}: this is a folder", option, path),
                 "name the file to write"};
  }
  const fs::path parent = fs::path(path).parent_path();
  const fs::path folder = parent.empty() ? fs::path(".") : parent;
  if (!is_folder(folder)) {
    return Error{Code::kUsage,
                 fmt::format("{} {}: there is no folder {}", option, path, folder.string()),
                 fmt::format("make it first: mkdir -p {}", folder.string())};
  }
  return check_writable(option, folder);
}

}  // namespace ferry::commands
