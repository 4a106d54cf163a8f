#include <cstring>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <libdeflate.h>
#include <sys/stat.h>

#include "package/tar.h"
#include "package/zip.h"
#include "package/zip_format.h"

namespace ferry::package {
namespace {

constexpr std::uint64_t kMaxZip = std::numeric_limits<std::int32_t>::max();

template <typename T>
void append(Bytes& out, const T& record) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&record);
  out.insert(out.end(), bytes, bytes + sizeof record);
}

using Compressor = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;

// Raw deflate, as small as the library knows: what is uploaded is written once and read often.
Result<Bytes> deflated(ByteView bytes) {
  constexpr int kSmallest = 12;
  const Compressor compressor(libdeflate_alloc_compressor(kSmallest), libdeflate_free_compressor);
  if (compressor == nullptr) {
    return Error{Code::kInternal, "libdeflate: no memory to compress", ""};
  }
  Bytes out(libdeflate_deflate_compress_bound(compressor.get(), bytes.size()));
  const std::size_t size = libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(),
                                                       out.data(), out.size());
  if (size == 0) {
    return Error{Code::kInternal, "libdeflate: compression failed", ""};
  }
  out.resize(size);
  return out;
}

}  // namespace

Result<Bytes> write_zip(const std::vector<ZipEntry>& entries) {
  Bytes out;
  Bytes central;
  if (entries.size() >= 0xffff) {
    return Error{Code::kLimit, fmt::format("{} files are too many for a zip", entries.size()), ""};
  }
  for (const ZipEntry& entry : entries) {
    if (!is_safe_name(entry.name) || entry.name.size() > 1000) {
      return Error{Code::kInvalid,
                   fmt::format("'{}' is not a valid name in an archive", entry.name), ""};
    }
    if (entry.bytes.size() > kMaxZip || out.size() > kMaxZip) {
      return Error{Code::kLimit, fmt::format("{}: too large for a zip", entry.name), ""};
    }
    FERRY_TRY(const Bytes packed, deflated(entry.bytes));
    ZipLocal local;
    local.crc = libdeflate_crc32(0, entry.bytes.data(), entry.bytes.size());
    local.packed_size = static_cast<std::uint32_t>(packed.size());
    local.size = static_cast<std::uint32_t>(entry.bytes.size());
    local.name_size = static_cast<std::uint16_t>(entry.name.size());
    ZipCentral listed;
    listed.crc = local.crc;
    listed.packed_size = local.packed_size;
    listed.size = local.size;
    listed.name_size = local.name_size;
    listed.external_attributes = (S_IFREG | (entry.mode & 0777u)) << 16;
    listed.local_offset = static_cast<std::uint32_t>(out.size());
    append(out, local);
    out.insert(out.end(), entry.name.begin(), entry.name.end());
    out.insert(out.end(), packed.begin(), packed.end());
    append(central, listed);
    central.insert(central.end(), entry.name.begin(), entry.name.end());
  }
  ZipEnd end;
  end.entries_here = end.entries = static_cast<std::uint16_t>(entries.size());
  end.central_size = static_cast<std::uint32_t>(central.size());
  end.central_offset = static_cast<std::uint32_t>(out.size());
  out.insert(out.end(), central.begin(), central.end());
  append(out, end);
  if (out.size() > std::numeric_limits<std::uint32_t>::max()) {
    return Error{Code::kLimit, "the zip would be larger than 4 GiB", ""};
  }
  return out;
}

}  // namespace ferry::package
