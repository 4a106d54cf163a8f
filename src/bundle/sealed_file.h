// Files in memory, without a name, that nobody can change once they are sealed: what was checked of
// one is what is used, whoever owns the file that it was copied from.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/file.h"

namespace ferry::bundle {

// An empty one, which can be written and then sealed.
Result<Fd> memory_file();

// `size` bytes at `offset` of `from`, to the same place of `to`. Read and not mapped: a file that
// becomes shorter meanwhile is an error (kInvalid) and no signal. `name` is that of `from`.
Status copy_part(int from, int to, std::uint64_t offset, std::uint64_t size,
                 const std::string& name);

// From here on no descriptor and no mapping can change it, this process's own included.
Status seal(int fd);

// All of `size` bytes at `offset`, or false. Async-signal-safe.
bool read_part(int fd, std::uint64_t offset, std::uint8_t* to, std::uint64_t size);

}  // namespace ferry::bundle
