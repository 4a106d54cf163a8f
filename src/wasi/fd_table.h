// The guest's descriptors: a flat table, since guests hold few. Private to src/wasi.
#pragma once

#include <cstdint>
#include <vector>

#include "wasi/abi.h"
#include "wasi/context.h"

namespace ferry::wasi {

struct Entry {
  enum class Kind : std::uint8_t {
    kClosed,
    kStdin,
    kStdout,
    kStderr,
    kDirectory,
    kFile,
    kSocket,
    kTreeFolder,  // of Setup::files
    kTreeFile,
    kDialFolder,  // "/dev", for the paths /dev/tcp/HOST/PORT
    kCaFolder     // kCaFolderPath of network.h
  };
  Kind kind = Kind::kClosed;
  bool preopen = false;    // one of the descriptors the guest finds at its start
  bool owned = false;      // `host` is ours to close; a preopen's belongs to its Directory
  bool read_only = false;  // opened below a read-only grant
  std::uint16_t flags = 0;
  std::int32_t host = -1;
  // A preopen's own open file for fd_readdir: the Directory's is shared by all contexts, and with
  // it the place in the listing.
  std::int32_t listing = -1;
  // The kernel's place behind each entry of the directory that fd_readdir has given out so far. The
  // table's to free, as the descriptors are its to close: each event begins with copies of entries.
  std::vector<std::int64_t>* places = nullptr;
  std::uint32_t grant = 0;   // which of Setup::directories this was reached through
  std::uint32_t node = 0;    // of the tree, for kTreeFolder and kTreeFile
  std::uint64_t place = 0;   // where a kTreeFile is read next
  std::uint32_t socket = 0;  // its place in Sockets::all
  std::uint64_t base = 0;
  std::uint64_t inheriting = 0;

  bool folder() const {
    return kind == Kind::kDirectory || kind == Kind::kTreeFolder || network_folder();
  }
  bool network_folder() const { return kind == Kind::kDialFolder || kind == Kind::kCaFolder; }
  bool in_tree() const { return kind == Kind::kTreeFolder || kind == Kind::kTreeFile; }
  bool stdio() const {
    return kind == Kind::kStdin || kind == Kind::kStdout || kind == Kind::kStderr;
  }
};

class FdTable {
 public:
  FdTable() = default;
  ~FdTable() { close_all(); }
  FdTable(const FdTable&) = delete;
  FdTable& operator=(const FdTable&) = delete;

  // stdio at 0, 1, 2, then the granted directories.
  void reset(const std::vector<Directory>* directories);

  // Behind them, where files travel with the function: the root of their tree.
  void add_tree();

  // Behind the granted directories, where the network is granted: the folders that exist for it.
  void add_network_folders();

  // Null if it is not open.
  Entry* find(std::uint32_t fd) {
    return fd < entries_.size() && entries_[fd].kind != Entry::Kind::kClosed ? &entries_[fd]
                                                                             : nullptr;
  }
  // Descriptors that path_open made and that are still open.
  std::uint32_t opened() const { return opened_; }
  // Gives it the lowest number that is free. Owns entry.host from here on.
  std::uint32_t add(const Entry& entry);
  // Both must be open.
  void close(std::uint32_t fd);
  void renumber(std::uint32_t from, std::uint32_t to);

  template <typename Visit>
  void for_each_socket(Visit visit) {
    for (std::uint32_t fd = 0; fd < entries_.size(); ++fd) {
      if (entries_[fd].kind == Entry::Kind::kSocket) visit(fd);
    }
  }

 private:
  void close(Entry& entry);
  void close_all();

  std::vector<Entry> entries_;
  std::uint32_t opened_ = 0;
};

}  // namespace ferry::wasi
