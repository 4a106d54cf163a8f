// Numbered files in one folder, written by any number of processes, bounded in size all together:
// the oldest goes for the newest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"

namespace ferry::capsule {

// One thread.
class Files {
 public:
  // `most`: bytes in the folder.
  Files(std::string folder, std::uint64_t most);
  // Makes the folder, readable by its owner alone, and a file in it.
  Status open();

  // Bytes that one file takes.
  std::uint64_t most_in_file() const { return most_in_file_; }
  // All of it in one file by one write, or nothing. At most most_in_file().
  Status append(std::string_view lines);

 private:
  Status next();
  void remove_oldest() const;

  const std::string folder_;
  const std::uint64_t most_;
  const std::uint64_t most_in_file_;
  Fd file_;
  std::string path_;
  std::uint64_t in_file_ = 0;
};

}  // namespace ferry::capsule
