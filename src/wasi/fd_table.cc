#include "wasi/fd_table.h"

#include <array>
#include <utility>

#include <unistd.h>

namespace ferry::wasi {

void FdTable::reset(const std::vector<Directory>* directories) {
  close_all();
  using Kind = Entry::Kind;
  static constexpr std::array kStdio{std::pair(Kind::kStdin, rights::kStdin),
                                     std::pair(Kind::kStdout, rights::kStdout),
                                     std::pair(Kind::kStderr, rights::kStdout)};
  // Twice for each event: made in place, since a copy of an entry copies its vector.
  entries_.resize(kStdio.size());
  for (std::size_t i = 0; i < kStdio.size(); ++i) {
    entries_[i].kind = kStdio[i].first;
    entries_[i].base = kStdio[i].second;
  }
  if (directories == nullptr) return;
  for (std::uint32_t i = 0; i < directories->size(); ++i) {
    const Directory& directory = (*directories)[i];
    entries_.push_back({.kind = Kind::kDirectory,
                        .preopen = true,
                        .read_only = directory.read_only(),
                        .host = directory.fd(),
                        .grant = i,
                        .base = rights::kDirectory,
                        .inheriting = rights::kAll});
  }
}

void FdTable::add_tree() {
  entries_.push_back({.kind = Entry::Kind::kTreeFolder,
                      .preopen = true,
                      .read_only = true,
                      .base = rights::kDirectory,
                      .inheriting = rights::kAll});
}

void FdTable::add_network_folders() {
  using Kind = Entry::Kind;
  const auto add_folder = [this](Kind kind) {
    entries_.push_back({.kind = kind,
                        .preopen = true,
                        .read_only = true,
                        .base = rights::kPathOpen | rights::kFdFilestatGet,
                        .inheriting = rights::kAll | rights::kSocket});
  };
  add_folder(Kind::kDialFolder);
  add_folder(Kind::kCaFolder);
}

std::uint32_t FdTable::add(const Entry& entry) {
  ++opened_;
  std::uint32_t fd = 0;
  while (fd < entries_.size() && entries_[fd].kind != Entry::Kind::kClosed) ++fd;
  if (fd == entries_.size()) {
    entries_.push_back(entry);
  } else {
    entries_[fd] = entry;
  }
  return fd;
}

void FdTable::close(std::uint32_t fd) {
  Entry& entry = entries_[fd];
  if (entry.owned) {
    if (entry.host >= 0) ::close(entry.host);
    --opened_;
  }
  if (entry.listing >= 0) ::close(entry.listing);
  entry = Entry{};
}

void FdTable::renumber(std::uint32_t from, std::uint32_t to) {
  if (from == to) return;
  close(to);
  entries_[to] = entries_[from];
  entries_[from] = Entry{};
}

void FdTable::close_all() {
  for (std::uint32_t fd = 0; fd < entries_.size(); ++fd) {
    if (entries_[fd].owned || entries_[fd].listing >= 0) close(fd);
  }
  entries_.clear();
}

}  // namespace ferry::wasi
