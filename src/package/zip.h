// Zip archives (APPNOTE 6.3): written reproducibly, read as hostile bytes. In memory only; no file
// is ever made from an entry's name. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace ferry::package {

struct ZipEntry {
  std::string name;
  Bytes bytes;
  unsigned mode = 0644;  // 0755 for a program
};

// Deflated, in the order given, dated 1980-01-01 (the format knows no earlier day).
Result<Bytes> write_zip(const std::vector<ZipEntry>& entries);

struct ZipLimits {
  std::size_t entries = 1000;
  std::uint64_t bytes = 256ull << 20;  // of all entries unpacked
};

// Folders are left out. kInvalid: not a zip, cut off, a wrong checksum, two entries of one name,
// a name that leads elsewhere ("../x", "/x"), a symbolic link, entries that overlap; kLimit: a
// bomb; kUnsupported: encrypted, Zip64, other methods than stored and deflated.
Result<std::vector<ZipEntry>> read_zip(ByteView bytes, const ZipLimits& limits);

// Whether the bytes begin as a zip does.
bool looks_like_zip(ByteView bytes);

}  // namespace ferry::package
