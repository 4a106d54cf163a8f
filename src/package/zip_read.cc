#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>

#include "package/tar.h"
#include "package/zip.h"
#include "package/zip_format.h"

namespace ferry::package {
namespace {

constexpr std::uint32_t kZip64 = 0xffffffff;
// Deflate makes at most 1032 bytes of one (RFC 1951): more is a lie, found before memory is taken.
constexpr std::uint64_t kMaxRatio = 1032;

Error broken(std::string what) {
  return Error{Code::kInvalid, "the zip archive is broken: " + std::move(what), ""};
}

template <typename T>
std::optional<T> record_at(ByteView bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) {
    return std::nullopt;
  }
  T out;
  std::memcpy(&out, bytes.data() + offset, sizeof out);
  return out;
}

std::optional<std::string_view> text_at(ByteView bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) {
    return std::nullopt;
  }
  return as_text(bytes.subspan(offset, size));
}

// The end record is followed only by a comment of at most 65535 bytes. A comment that runs exactly
// to the end of the file is the one that counts, so that no two readers find different ones.
Result<std::uint64_t> find_end(ByteView bytes) {
  if (bytes.size() >= sizeof(ZipEnd)) {
    const std::uint64_t last = bytes.size() - sizeof(ZipEnd);
    const std::uint64_t first = last > 0xffff ? last - 0xffff : 0;
    for (std::uint64_t at = last + 1; at-- > first;) {
      const auto end = record_at<ZipEnd>(bytes, at);
      if (end->mark == kEndMark && at + sizeof(ZipEnd) + end->comment_size == bytes.size()) {
        return at;
      }
    }
  }
  return broken("it has no end record; it may be cut off");
}

struct Listed {
  ZipCentral record;
  std::string name;
};

Status check_listed(const Listed& entry) {
  const ZipCentral& record = entry.record;
  if ((record.flags & kEncryptedFlag) != 0) {
    return Error{Code::kUnsupported, entry.name + ": is encrypted", ""};
  }
  if (record.method != kStored && record.method != kDeflated) {
    return Error{Code::kUnsupported,
                 fmt::format("{}: compressed by method {}", entry.name, record.method),
                 "zip it with deflate"};
  }
  if (record.size == kZip64 || record.packed_size == kZip64 || record.local_offset == kZip64) {
    return Error{Code::kUnsupported, entry.name + ": a Zip64 entry", ""};
  }
  if (!is_safe_name(entry.name)) {
    return broken(fmt::format("the name '{}' leads out of it, or is none", entry.name));
  }
  if (record.version_made >> 8 == 3 && S_ISLNK(record.external_attributes >> 16)) {
    return broken(entry.name + " is a symbolic link");
  }
  return Done{};
}

Result<Bytes> inflated(ByteView packed, std::uint32_t size, const std::string& name) {
  if (size > (packed.size() + 1) * kMaxRatio) {
    return broken(name + " does not unpack to the size it says");
  }
  Bytes out(size);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return Error{Code::kInternal, "zlib: no memory to unpack", ""};
  }
  std::uint8_t nothing = 0;
  stream.next_in = const_cast<Bytef*>(packed.data());  // NOLINT: zlib does not write to it
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = out.empty() ? &nothing : out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = inflate(&stream, Z_FINISH);
  const bool whole = done == Z_STREAM_END && stream.total_out == size && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole) {
    return broken(name + " does not unpack to the size it says");
  }
  return out;
}

Result<Bytes> contents(ByteView bytes, const Listed& entry, std::uint64_t central_offset) {
  const ZipCentral& record = entry.record;
  const auto local = record_at<ZipLocal>(bytes, record.local_offset);
  if (!local || local->mark != kLocalMark) {
    return broken(entry.name + ": its header is not where the list says");
  }
  const std::uint64_t name_at = record.local_offset + sizeof(ZipLocal);
  const auto name = text_at(bytes, name_at, local->name_size);
  if (!name || *name != entry.name || local->method != record.method) {
    return broken(entry.name + ": its header and the list disagree");
  }
  const std::uint64_t data_at = name_at + local->name_size + local->extra_size;
  if (data_at > central_offset || central_offset - data_at < record.packed_size) {
    return broken(entry.name + ": its data are not inside the archive");
  }
  const ByteView packed = bytes.subspan(data_at, record.packed_size);
  Bytes out;
  if (record.method == kStored) {
    if (record.packed_size != record.size) {
      return broken(entry.name + " does not have the size it says");
    }
    out.assign(packed.begin(), packed.end());
  } else {
    FERRY_TRY(out, inflated(packed, record.size, entry.name));
  }
  if (crc32(0, out.data(), static_cast<uInt>(out.size())) != record.crc) {
    return broken(entry.name + ": wrong checksum");
  }
  return out;
}

}  // namespace

bool looks_like_zip(ByteView bytes) {
  return as_text(bytes).starts_with("PK\x03\x04") || as_text(bytes).starts_with("PK\x05\x06");
}

Result<std::vector<ZipEntry>> read_zip(ByteView bytes, const ZipLimits& limits) {
  FERRY_TRY(const std::uint64_t end_at, find_end(bytes));
  const ZipEnd end = *record_at<ZipEnd>(bytes, end_at);
  if (end.disk != 0 || end.central_disk != 0 || end.entries != end.entries_here) {
    return Error{Code::kUnsupported, "the zip archive has more than one part", ""};
  }
  if (end.entries == 0xffff || end.central_offset == kZip64) {
    return Error{Code::kUnsupported, "a Zip64 archive", ""};
  }
  if (end.entries > limits.entries) {
    return Error{
        Code::kLimit,
        fmt::format("the zip archive has {} files, the limit is {}", end.entries, limits.entries),
        ""};
  }
  if (std::uint64_t{end.central_offset} + end.central_size != end_at) {
    return broken("its list is not where the end record says");
  }
  std::vector<ZipEntry> out;
  std::set<std::string> names;
  std::uint64_t at = end.central_offset;
  std::uint64_t total = 0;
  std::uint64_t packed_total = 0;
  for (std::uint16_t i = 0; i < end.entries; ++i) {
    const auto record = record_at<ZipCentral>(bytes, at);
    const auto name =
        record ? text_at(bytes, at + sizeof(ZipCentral), record->name_size) : std::nullopt;
    if (!name || record->mark != kCentralMark) {
      return broken("its list is cut off");
    }
    at += sizeof(ZipCentral) + record->name_size + record->extra_size + record->comment_size;
    if (at > end_at) {
      return broken("its list runs past its end");
    }
    const Listed entry{*record, std::string(*name)};
    FERRY_CHECK_OK(check_listed(entry));
    if (!names.insert(entry.name).second) {
      return broken("two files are named " + entry.name);
    }
    total += record->size;
    packed_total += record->packed_size;
    if (total > limits.bytes) {
      return Error{Code::kLimit,
                   fmt::format("the zip archive unpacks to more than {} bytes", limits.bytes), ""};
    }
    // Entries that share bytes are how a small archive becomes a large one.
    if (packed_total > end.central_offset) {
      return broken("its files overlap");
    }
    if (entry.name.ends_with('/')) {
      continue;
    }
    FERRY_TRY(Bytes data, contents(bytes, entry, end.central_offset));
    out.push_back({entry.name, std::move(data), (record->external_attributes >> 16) & 0777});
  }
  return out;
}

}  // namespace ferry::package
