// The bytes of a bundle (docs/formats/bundle.md) without the question who vouches for them, which
// bundle.cc asks first. Used by bundle.cc and its fuzz target only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/bundle.h"

namespace ferry::engine {

// The last bytes of a bundle. All integers are little-endian.
struct BundleFooter {
  std::uint64_t artifact_size;
  std::uint64_t info_offset;
  std::uint64_t info_size;
  std::uint32_t version;
  std::uint32_t authentication;
  std::array<char, 8> magic;
  std::array<std::uint8_t, 32> nonce;
  std::array<std::uint8_t, 64> tag;  // over every byte of the file before it
};

inline constexpr std::uint32_t kBundleByMac = 1;
inline constexpr std::uint32_t kBundleBySignature = 3;  // 2 was one over another hash
inline constexpr std::size_t kBundleTag = 64;

using BundleNonce = std::array<std::uint8_t, 32>;

// Everything but the tag.
Bytes write_untagged(const BundleInfo& info, ByteView artifact, std::uint32_t authentication,
                     const BundleNonce& nonce);

// All that may be looked at before the check: mark, version, kind, and the tag itself.
Result<BundleFooter> read_footer(ByteView file, std::string_view name);

// Sizes and fields, of an authentic file; fd is left open to the caller. Trusts nothing all the
// same: a key may be stolen, and a writer may be wrong.
Result<Bundle> read_body(ByteView file, const BundleFooter& footer, std::string_view name);

}  // namespace ferry::engine
