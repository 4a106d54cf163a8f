#include "wasi/file_tree.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"

namespace ferry::wasi {
namespace {

constexpr std::size_t kMostPath = 4096;
constexpr std::size_t kMostPart = 255;  // NAME_MAX

Error malformed(std::string why) {
  return {Code::kInvalid, "the files that travel with the function: " + std::move(why), ""};
}

// A number, taken off the front.
template <typename T>
bool take(std::string_view& rest, T& out) {
  if (rest.size() < sizeof out) return false;
  std::memcpy(&out, rest.data(), sizeof out);
  rest.remove_prefix(sizeof out);
  return true;
}

bool take(std::string_view& rest, std::uint64_t size, std::string_view& out) {
  if (rest.size() < size) return false;
  out = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

template <typename T>
void append(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

// The part before the first slash; `path` keeps what is behind it.
std::string_view take_part(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view part = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return part;
}

}  // namespace

Status check_guest_path(std::string_view path) {
  const auto wrong = [&](std::string_view why) {
    return Error{Code::kInvalid, fmt::format("'{}' {}", path, why),
                 "write the path without '.', '..' and doubled slashes"};
  };
  if (path.empty() || path.size() > kMostPath) return wrong("is not of 1 to 4096 bytes");
  if (path.find('\0') != std::string_view::npos || !is_utf8(path)) {
    return wrong("is not UTF-8 without NUL");
  }
  if (path.ends_with('/')) return wrong("ends with a slash");
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view part = take_part(rest);
    if (part.empty() || part == "." || part == "..") {
      return wrong(fmt::format("has a '{}' in it", part));
    }
    if (part.size() > kMostPart) return wrong("has a name of more than 255 bytes in it");
  }
  return Done{};
}

Result<std::shared_ptr<const FileTree>> FileTree::make(std::vector<File> files) {
  std::ranges::sort(files, {}, &File::path);
  if (const auto same = std::ranges::adjacent_find(files, {}, &File::path); same != files.end()) {
    return Error{Code::kInvalid, fmt::format("two files are named /{}", same->path),
                 "give one of them another path"};
  }
  std::string archive;
  append(archive, static_cast<std::uint32_t>(std::min<std::size_t>(files.size(), UINT32_MAX)));
  for (const File& file : files) {
    if (archive.size() + file.path.size() + file.data.size() > kMostBytes) {
      return Error{Code::kLimit,
                   fmt::format("the files that travel with the function have more than {} MiB",
                               kMostBytes >> 20),
                   "leave some out, or grant a folder in their place: [grant] dirs"};
    }
    append(archive, static_cast<std::uint32_t>(file.path.size()));
    append(archive, std::uint64_t{file.data.size()});
    archive += file.path;
    archive += file.data;
  }
  return read(std::move(archive));
}

Result<std::shared_ptr<const FileTree>> FileTree::read(std::string archive) {
  std::shared_ptr<FileTree> tree(new FileTree(std::move(archive)));
  FERRY_CHECK_OK(tree->parse());
  return std::shared_ptr<const FileTree>(std::move(tree));
}

Status FileTree::parse() {
  std::string_view rest = archive_;
  std::uint32_t count = 0;
  if (!take(rest, count)) return malformed("cut off");
  if (count > kMostFiles || archive_.size() > kMostBytes) {
    return Error{Code::kLimit,
                 fmt::format("{} files travel with the function, of {} bytes; {} of {} MiB are "
                             "possible",
                             count, archive_.size(), kMostFiles, kMostBytes >> 20),
                 "leave some out, or grant a folder in their place: [grant] dirs"};
  }
  std::string_view before;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t path_size = 0;
    std::uint64_t size = 0;
    std::string_view path;
    std::string_view data;
    if (!take(rest, path_size) || !take(rest, size) || !take(rest, path_size, path) ||
        !take(rest, size, data)) {
      return malformed("cut off");
    }
    FERRY_CHECK_OK(check_guest_path(path));
    if (i != 0 && path <= before) {
      return malformed(fmt::format("/{} is out of order", path));
    }
    before = path;
    FERRY_CHECK_OK(add(path, data));
  }
  if (!rest.empty()) return malformed("there is more behind the last");
  return check_names();
}

// Paths come in the order of their bytes, so those below one folder come one behind the other: a
// folder that is there already is the last that was added to its parent.
Status FileTree::add(std::string_view path, std::string_view data) {
  std::uint32_t at = kRoot;
  while (!path.empty()) {
    const std::string_view part = take_part(path);
    const std::vector<std::uint32_t>& children = nodes_[at].children;
    if (!path.empty() && !children.empty() && nodes_[children.back()].name == part &&
        nodes_[children.back()].folder) {
      at = children.back();
      continue;
    }
    const auto number = static_cast<std::uint32_t>(nodes_.size());
    nodes_[at].children.push_back(number);
    nodes_.push_back({part, at, !path.empty(), path.empty() ? data : std::string_view(), {}});
    at = number;
  }
  ++files_;
  bytes_ += data.size();
  return Done{};
}

Status FileTree::check_names() {
  const auto name = [this](std::uint32_t number) { return nodes_[number].name; };
  for (Node& node : nodes_) {
    std::ranges::sort(node.children, {}, name);
    const auto same = std::ranges::adjacent_find(node.children, {}, name);
    if (same != node.children.end()) {
      return malformed(fmt::format("'{}' is a file and a folder", name(*same)));
    }
  }
  return Done{};
}

std::optional<std::uint32_t> FileTree::find(std::uint32_t folder, std::string_view name) const {
  const auto& children = nodes_[folder].children;
  const auto found = std::ranges::lower_bound(
      children, name, {}, [this](std::uint32_t number) { return nodes_[number].name; });
  if (found == children.end() || nodes_[*found].name != name) return std::nullopt;
  return *found;
}

bool FileTree::has(std::string_view path) const {
  std::uint32_t at = kRoot;
  while (!path.empty()) {
    const auto next = find(at, take_part(path));
    if (!next) return false;
    at = *next;
  }
  return true;
}

const std::string& FileTree::digest() const {
  std::call_once(hashed_, [this] { digest_ = digest_of(as_bytes(archive_)); });
  return digest_;
}

}  // namespace ferry::wasi
