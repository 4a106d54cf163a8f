#include "function/files.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/file.h"

namespace ferry::function {
namespace {

namespace fs = std::filesystem;
using wasi::FileTree;

Error cannot_read(const fs::path& path, const std::error_code& problem) {
  return errno_error(fmt::format("[function] files: {}", path.string()), problem.value());
}

// Reads what [function] files names, and keeps count so that no folder fills the memory.
class Reading {
 public:
  std::vector<FileTree::File> files;

  Status add(const fs::path& from, const std::string& to) {
    if (files.size() == FileTree::kMostFiles) {
      return Error{Code::kLimit,
                   fmt::format("[function] files names more than {} files", FileTree::kMostFiles),
                   "leave some out, or grant a folder in their place: [grant] dirs"};
    }
    auto data = read_file(from.string(), FileTree::kMostBytes - bytes_);
    if (!data.ok()) return with_context(std::move(data).error(), "[function] files");
    bytes_ += data->size();
    if (Status good = wasi::check_guest_path(to); !good.ok()) {
      return with_context(std::move(good).error(), from.string());
    }
    files.push_back({to, std::string(as_text(*data))});
    return Done{};
  }

 private:
  std::uint64_t bytes_ = 0;
};

bool leads_out(const fs::path& link, const fs::path& folder, std::error_code& problem) {
  const fs::path to = fs::canonical(link, problem);
  if (problem) return false;
  const fs::path whole = fs::canonical(folder, problem);
  const auto [end, unused] = std::mismatch(whole.begin(), whole.end(), to.begin(), to.end());
  return end != whole.end();
}

// What lies in a folder, by name so that the first error is the same each time.
Status add_folder(Reading& reading, const fs::path& folder, const fs::path& below,
                  const std::string& to) {
  std::error_code problem;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(below, problem), end; !problem && at != end;
       at.increment(problem)) {
    entries.push_back(at->path());
  }
  if (problem) return cannot_read(below, problem);
  std::ranges::sort(entries);
  for (const fs::path& entry : entries) {
    const std::string guest = (to.empty() ? "" : to + "/") + entry.filename().string();
    const bool is_link = fs::is_symlink(fs::symlink_status(entry, problem));
    if (is_link && leads_out(entry, folder, problem)) {
      return Error{Code::kInvalid,
                   fmt::format("[function] files: the link {} leads out of {}", entry.string(),
                               folder.string()),
                   "name what it leads to as an entry of its own"};
    }
    const fs::file_status status = problem ? fs::file_status() : fs::status(entry, problem);
    if (problem) return cannot_read(entry, problem);
    if (fs::is_directory(status) && !is_link) {
      FERRY_CHECK_OK(add_folder(reading, folder, entry, guest));
    } else if (fs::is_regular_file(status)) {
      FERRY_CHECK_OK(reading.add(entry, guest));
    } else {
      return Error{Code::kInvalid,
                   fmt::format("[function] files: {} is {}", entry.string(),
                               fs::is_directory(status) ? "a link to a folder"
                                                        : "neither a file nor a folder"),
                   "files and folders can travel with a function, and links to files"};
    }
  }
  return Done{};
}

}  // namespace

Result<FileGrant> parse_file_grant(std::string_view text) {
  const Error malformed{Code::kInvalid, fmt::format("'{}' names no file", text),
                        "write HOST::GUEST, as in \"templates::/templates\""};
  const std::size_t split = text.find("::");
  if (text.find('\0') != std::string_view::npos || split == std::string_view::npos || split == 0) {
    return malformed;
  }
  FileGrant grant;
  grant.host = text.substr(0, split);
  std::string_view guest = text.substr(split + 2);
  while (guest.size() > 1 && guest.ends_with('/')) guest.remove_suffix(1);
  if (!guest.starts_with('/')) return malformed;
  if (guest.size() > 1) {
    if (Status good = wasi::check_guest_path(guest.substr(1)); !good.ok()) {
      return with_context(std::move(good).error(), fmt::format("'{}'", text));
    }
  }
  grant.guest = guest;
  return grant;
}

Result<std::shared_ptr<const FileTree>> read_files(std::span<const FileGrant> grants) {
  if (grants.empty()) return std::shared_ptr<const FileTree>();
  Reading reading;
  for (const FileGrant& grant : grants) {
    const std::string to = grant.guest.substr(1);
    std::error_code problem;
    const fs::file_status status = fs::status(grant.host, problem);
    if (problem) return cannot_read(grant.host, problem);
    if (fs::is_directory(status)) {
      FERRY_CHECK_OK(add_folder(reading, grant.host, grant.host, to));
    } else if (!fs::is_regular_file(status)) {
      return Error{Code::kInvalid,
                   fmt::format("[function] files: {} is neither a file nor a folder", grant.host),
                   ""};
    } else if (to.empty()) {
      return Error{
          Code::kInvalid,
          fmt::format("[function] files: {} is a file, and cannot be '/'", grant.host),
          fmt::format("write {}::/{}", grant.host, fs::path(grant.host).filename().string())};
    } else {
      FERRY_CHECK_OK(reading.add(grant.host, to));
    }
  }
  auto tree = FileTree::make(std::move(reading.files));
  if (!tree.ok()) return with_context(std::move(tree).error(), "[function] files");
  return tree;
}

}  // namespace ferry::function
