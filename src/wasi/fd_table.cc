#include "wasi/fd_table.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include <unistd.h>

namespace ferry::wasi {

static_assert(std::is_trivially_copyable_v<Entry>);  // for each event copies some

void FdTable::reset(const std::vector<Directory>* directories) {
  close_all();
  static const std::array<Entry, 3> kStdio{{
      {.kind = Entry::Kind::kStdin, .base = rights::kStdin},
      {.kind = Entry::Kind::kStdout, .base = rights::kStdout},
      {.kind = Entry::Kind::kStderr, .base = rights::kStdout},
  }};
  entries_.resize(kStdio.size());
  std::ranges::copy(kStdio, entries_.begin());
  if (directories == nullptr) return;
  for (std::uint32_t i = 0; i < directories->size(); ++i) {
    const Directory& directory = (*directories)[i];
    entries_.push_back({.kind = Entry::Kind::kDirectory,
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
  const auto add_folder = [this](Entry::Kind kind) {
    entries_.push_back({.kind = kind,
                        .preopen = true,
                        .read_only = true,
                        .base = rights::kPathOpen | rights::kFdFilestatGet,
                        .inheriting = rights::kAll | rights::kSocket});
  };
  add_folder(Entry::Kind::kDialFolder);
  add_folder(Entry::Kind::kCaFolder);
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

void FdTable::close(std::uint32_t fd) { close(entries_[fd]); }

void FdTable::close(Entry& entry) {
  if (entry.owned) {
    if (entry.host >= 0) ::close(entry.host);
    --opened_;
  }
  if (entry.listing >= 0) ::close(entry.listing);
  delete entry.places;
  entry = Entry{};
}

void FdTable::renumber(std::uint32_t from, std::uint32_t to) {
  if (from == to) return;
  close(to);
  entries_[to] = entries_[from];
  entries_[from] = Entry{};
}

void FdTable::close_all() {
  for (Entry& entry : entries_) {
    if (entry.owned || entry.listing >= 0) close(entry);
  }
}

}  // namespace ferry::wasi
