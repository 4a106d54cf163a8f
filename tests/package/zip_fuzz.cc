// Any bytes as a zip archive: an error or entries within the limits, whose names lead nowhere. The
// same again with the checksums put right, which no mutation would find: what is behind them is
// reached too.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <zlib.h>

#include "package/tar.h"
#include "package/zip.h"
#include "package/zip_format.h"

namespace {

using namespace ferry;           // NOLINT: a program of one function
using namespace ferry::package;  // NOLINT

constexpr ZipLimits kLimits{8, 1u << 16};

void read(ByteView bytes) {
  const auto entries = read_zip(bytes, kLimits);
  if (!entries.ok()) return;
  std::uint64_t total = 0;
  for (const auto& entry : *entries) {
    total += entry.bytes.size();
    if (!is_safe_name(entry.name)) std::abort();
  }
  if (entries->size() > kLimits.entries || total > kLimits.bytes) std::abort();
}

// What a deflated entry unpacks to, as far as the limits allow.
std::optional<Bytes> unpacked(ByteView packed) {
  Bytes out(kLimits.bytes);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  stream.next_in = const_cast<Bytef*>(packed.data());  // NOLINT: zlib does not write to it
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return done == Z_STREAM_END ? std::optional(std::move(out)) : std::nullopt;
}

template <typename Record>
bool take(ByteView bytes, std::size_t at, Record& record) {
  if (at > bytes.size() || bytes.size() - at < sizeof record) return false;
  std::memcpy(&record, bytes.data() + at, sizeof record);
  return true;
}

// Of each entry in a list of files, the size and the checksum that its data have.
Bytes put_right(ByteView bytes) {
  Bytes out(bytes.begin(), bytes.end());
  for (std::size_t at = 0; at + sizeof(ZipCentral) <= out.size(); ++at) {
    ZipCentral record;
    ZipLocal local;
    if (!take(out, at, record) || record.mark != kCentralMark ||
        !take(out, record.local_offset, local)) {
      continue;
    }
    const std::size_t from =
        std::size_t{record.local_offset} + sizeof local + local.name_size + local.extra_size;
    if (from > out.size() || out.size() - from < record.packed_size) continue;
    const ByteView packed = ByteView(out).subspan(from, record.packed_size);
    std::optional<Bytes> data = record.method == kDeflated
                                    ? unpacked(packed)
                                    : std::optional(Bytes(packed.begin(), packed.end()));
    if (!data) continue;
    record.size = static_cast<std::uint32_t>(data->size());
    record.crc =
        static_cast<std::uint32_t>(crc32(0, data->data(), static_cast<uInt>(data->size())));
    std::memcpy(out.data() + at, &record, sizeof record);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read({data, size});
  read(put_right({data, size}));
  return 0;
}
