// Files, whole: reading with a bound, writing so that nobody ever sees half of one.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace ferry {

// A descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

// The whole file, which must be at most `limit` bytes (else kLimit, naming both sizes).
Result<Bytes> read_file(const std::string& path, std::uint64_t limit);
// Everything until end of file from a descriptor (a pipe, stdin).
Result<Bytes> read_all(int fd, std::uint64_t limit, std::string_view name);
// All of it, or an error. Retries short writes and EINTR.
Status write_all(int fd, ByteView bytes, std::string_view name);

// Written beside under a temporary name, flushed, renamed over `path`. On any error (a full disk
// too) the temporary file is gone and what was at `path` is unchanged.
Status write_file_atomically(const std::string& path, ByteView bytes, unsigned mode = 0644);

// mkdir -p with this mode for what is made.
Status make_directories(const std::string& path, unsigned mode = 0755);

}  // namespace ferry
