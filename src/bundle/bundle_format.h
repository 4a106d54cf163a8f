// The bytes of a bundle (docs/formats/bundle.md), apart from their authentication, which bundle.cc
// checks first. Used by bundle.cc and its fuzz target only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bundle/bundle.h"
#include "bundle/elf_code.h"

namespace ferry::bundle {

// The last bytes of a bundle. All integers are little-endian.
struct BundleFooter {
  std::uint64_t code_offset;
  std::uint64_t code_size;  // 0: the artifact is proven whole
  std::uint64_t artifact_size;
  std::uint64_t info_offset;
  std::uint64_t info_size;
  std::uint32_t version;
  std::uint32_t authentication;
  std::array<char, 8> magic;
  std::array<std::uint8_t, 32> nonce;
  std::array<std::uint8_t, 64> tag;  // over every byte of the file before it, but the code
};

inline constexpr std::uint32_t kBundleByMac = 1;
inline constexpr std::uint32_t kBundleBySignature = 3;  // 2 was one over another hash
inline constexpr std::size_t kBundleTag = 64;

using BundleNonce = std::array<std::uint8_t, 32>;

// Everything but the tag. `code` lies in the artifact; size 0: none is proven on its own.
Bytes write_untagged(const BundleInfo& info, ByteView artifact, CodeRange code,
                     std::uint32_t authentication, const BundleNonce& nonce);

// Whether these last bytes of a file have a bundle's mark.
bool has_mark(ByteView footer);

// All that may be read before the check: mark, version, kind, where the code lies (in the
// artifact), and the tag itself.
Result<BundleFooter> read_footer(ByteView file, std::string_view name);
// The same from the last bytes of a file of `size` bytes.
Result<BundleFooter> read_footer_of(ByteView last, std::uint64_t size, std::string_view name);

// What the tag covers: before the code, and from behind it to the tag.
struct Covered {
  ByteView before;
  ByteView after;
};
Covered cover(ByteView untagged, CodeRange code);

struct BundleBody {
  BundleInfo info;
  std::uint64_t artifact_size = 0;
  CodeProof code;
};

// Sizes and fields, of an authentic file. Trusts nothing even so: a key may be stolen, and a writer
// may be wrong.
Result<BundleBody> read_body(ByteView file, const BundleFooter& footer, std::string_view name);

}  // namespace ferry::bundle
