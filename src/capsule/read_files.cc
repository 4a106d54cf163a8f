// Files of capsules, for those who replay them or take them as cases.
#include <algorithm>
#include <filesystem>
#include <iterator>

#include <fmt/format.h>

#include "base/file.h"
#include "capsule/capsule.h"
#include "capsule/files.h"

namespace ferry::capsule {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostFile = 1ull << 30;

Result<std::vector<std::string>> files_of(const std::string& path) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::directory_iterator at(path, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == kEnding) files.push_back(at->path().string());
  }
  if (failed) return Error{Code::kIo, fmt::format("read {}: {}", path, failed.message()), ""};
  if (files.empty()) {
    return Error{Code::kNotFound,
                 fmt::format("there is no file of capsules (*{}) in {}", kEnding, path),
                 "give the folder that --record wrote to"};
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<std::vector<Capsule>> read_capsules(const std::string& path,
                                           std::vector<std::string>& notes) {
  FERRY_TRY(const auto files, files_of(path));
  std::vector<Capsule> all;
  for (const std::string& file : files) {
    FERRY_TRY(const Bytes bytes, read_file(file, kMostFile));
    bool cut = false;
    FERRY_TRY(auto capsules, parse_capsules(as_text(bytes), file, &cut));
    if (cut) {
      notes.push_back(fmt::format("{}: its last capsule is not whole, and is left out", file));
    }
    if (capsules.empty()) {
      notes.push_back(
          fmt::format("{} holds no capsule: the process that made it recorded nothing", file));
    }
    std::ranges::move(capsules, std::back_inserter(all));
  }
  return all;
}

}  // namespace ferry::capsule
