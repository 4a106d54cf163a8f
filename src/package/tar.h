// A tar archive (POSIX.1-2001 ustar) whose bytes depend on nothing but what is put in: no times,
// no users of this machine. Entries are in the order in which they are added.
// A value; one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferry::package {

class TarWriter {
 public:
  // Relative, no "..", at most 100 bytes; a folder's name may end in '/'. All entries belong to
  // root and date from the epoch.
  Status add_file(std::string_view name, ByteView bytes, unsigned mode = 0644);
  Status add_folder(std::string_view name, unsigned mode = 0755);

  // The archive with its end mark; nothing may be added afterwards.
  Bytes finish() &&;

 private:
  Status add_header(std::string_view name, std::uint64_t size, unsigned mode, char kind);

  Bytes out_;
};

// Whether a name may appear in an archive of ours: relative, no empty part, "." or "..", no
// backslash, no control characters, UTF-8. A '/' at its end is allowed.
bool is_safe_name(std::string_view name);

}  // namespace ferry::package
