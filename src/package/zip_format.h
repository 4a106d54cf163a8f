// The records of a zip file (APPNOTE 6.3, 4.3); private to src/package. Little-endian, packed.
#pragma once

#include <cstdint>

namespace ferry::package {

inline constexpr std::uint32_t kLocalMark = 0x04034b50;
inline constexpr std::uint32_t kCentralMark = 0x02014b50;
inline constexpr std::uint32_t kEndMark = 0x06054b50;

inline constexpr std::uint16_t kStored = 0;
inline constexpr std::uint16_t kDeflated = 8;
inline constexpr std::uint16_t kEncryptedFlag = 1;
inline constexpr std::uint16_t kUtf8Flag = 1u << 11;

#pragma pack(push, 1)
struct ZipLocal {
  std::uint32_t mark = kLocalMark;
  std::uint16_t version_needed = 20;
  std::uint16_t flags = kUtf8Flag;
  std::uint16_t method = kDeflated;
  std::uint16_t time = 0;
  std::uint16_t date = (1u << 5) | 1;  // 1980-01-01
  std::uint32_t crc = 0;
  std::uint32_t packed_size = 0;
  std::uint32_t size = 0;
  std::uint16_t name_size = 0;
  std::uint16_t extra_size = 0;
};

struct ZipCentral {
  std::uint32_t mark = kCentralMark;
  std::uint16_t version_made = (3u << 8) | 20;  // Unix: the mode is in external_attributes
  std::uint16_t version_needed = 20;
  std::uint16_t flags = kUtf8Flag;
  std::uint16_t method = kDeflated;
  std::uint16_t time = 0;
  std::uint16_t date = (1u << 5) | 1;
  std::uint32_t crc = 0;
  std::uint32_t packed_size = 0;
  std::uint32_t size = 0;
  std::uint16_t name_size = 0;
  std::uint16_t extra_size = 0;
  std::uint16_t comment_size = 0;
  std::uint16_t disk = 0;
  std::uint16_t internal_attributes = 0;
  std::uint32_t external_attributes = 0;
  std::uint32_t local_offset = 0;
};

struct ZipEnd {
  std::uint32_t mark = kEndMark;
  std::uint16_t disk = 0;
  std::uint16_t central_disk = 0;
  std::uint16_t entries_here = 0;
  std::uint16_t entries = 0;
  std::uint32_t central_size = 0;
  std::uint32_t central_offset = 0;
  std::uint16_t comment_size = 0;
};
#pragma pack(pop)

static_assert(sizeof(ZipLocal) == 30 && sizeof(ZipCentral) == 46 && sizeof(ZipEnd) == 22);

}  // namespace ferry::package
