// Numbered files in one folder, written by any number of processes, bounded in size all together:
// the oldest goes for the newest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"

namespace ferry::capsule {

inline constexpr std::string_view kEnding = ".capsules";

// One thread.
class Files {
 public:
  // `most`: bytes in the folder.
  Files(std::string folder, std::uint64_t most);
  // Makes the folder, readable by its owner alone, and a file in it.
  Status open();

  // Bytes that one file takes behind its head.
  std::uint64_t most_in_batch() const;
  // All of it in one file by one write, or nothing. At most most_in_batch(). A file gets its head
  // with the first: one of a process that records nothing stays empty.
  Status append(std::string_view entries);

 private:
  Status next();
  Status write(std::string_view bytes);
  void remove_oldest() const;

  const std::string folder_;
  const std::uint64_t most_;
  const std::uint64_t most_in_file_;
  Fd file_;
  std::string path_;
  std::uint64_t in_file_ = 0;
};

}  // namespace ferry::capsule
