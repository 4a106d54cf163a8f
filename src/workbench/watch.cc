#include "workbench/watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace ferry::workbench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kBuilt = {"target",      "node_modules", "dist",
                                                    "__pycache__", "zig-out",      "zig-cache"};
// Saved in place, or by writing another file and renaming it.
constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR;

}  // namespace

bool is_no_source(std::string_view name) {
  const bool spare = name.ends_with('~') || (name.starts_with('#') && name.ends_with('#')) ||
                     name == "4913";  // Vim tries with it whether it may write
  return name.empty() || name.starts_with('.') || spare ||
         name.find(".wasm") != std::string_view::npos || name.ends_with(".o") ||
         name.ends_with(".capsules") || std::ranges::find(kBuilt, name) != kBuilt.end();
}

bool is_lock_file(std::string_view name) {
  return name == "Cargo.lock" || name == "go.sum" || name == "package-lock.json";
}

Result<Watch> Watch::make(const std::string& path) {
  Watch watch;
  watch.inotify_ = Fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch.inotify_.valid()) return errno_error("watch files (inotify)", errno);
  std::error_code failed;
  if (fs::is_directory(path, failed)) {
    FERRY_CHECK_OK(watch.add_tree(path));
    return watch;
  }
  const fs::path file(path);
  watch.only_ = file.filename().string();
  FERRY_CHECK_OK(watch.add(file.has_parent_path() ? file.parent_path().string() : "."));
  return watch;
}

Status Watch::add(const std::string& folder) {
  if (folders_.size() == kMostFolders) {
    return Error{Code::kLimit,
                 fmt::format("{} and what is watched beside it have more than {} folders", folder,
                             kMostFolders),
                 "run ferry dev in the function's own folder"};
  }
  const int wd = inotify_add_watch(inotify_.get(), folder.c_str(), kEvents);
  if (wd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Done{};  // gone again
    const int problem = errno;
    Error error = errno_error("watch " + folder, problem);
    if (problem == ENOSPC) {
      error.hint = "raise fs.inotify.max_user_watches (sysctl)";
    }
    return error;
  }
  folders_[wd] = folder;
  return Done{};
}

Status Watch::add_tree(const std::string& folder) {
  FERRY_CHECK_OK(add(folder));
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    std::error_code unknown;
    // A link to a folder is not followed: it may lead out, or in a circle.
    if (at->symlink_status(unknown).type() == fs::file_type::directory &&
        !is_no_source(at->path().filename().string())) {
      FERRY_CHECK_OK(add_tree(at->path().string()));
    }
  }
  return Done{};
}

std::vector<std::string> Watch::changed() {
  std::set<std::string> out;
  alignas(inotify_event) std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        out.insert("(many files)");
        continue;
      }
      const auto folder = folders_.find(event->wd);
      if (folder == folders_.end()) continue;
      if ((event->mask & IN_IGNORED) != 0) {
        folders_.erase(folder);
        continue;
      }
      const std::string name = event->len > 0 ? event->name : "";
      const std::string path = folder->second + "/" + name;
      if (!only_.empty()) {
        if (name == only_ && (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) out.insert(path);
        continue;
      }
      if (is_no_source(name)) continue;
      if ((event->mask & IN_ISDIR) != 0) {
        // A folder that cannot be watched is as if nothing in it ever changed.
        if ((event->mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
          static_cast<void>(add_tree(path).ok());
          out.insert(path);
        }
      } else if ((event->mask & IN_CREATE) == 0) {  // what was created is written, too
        out.insert(path);
      }
    }
  }
  return {out.begin(), out.end()};
}

}  // namespace ferry::workbench
