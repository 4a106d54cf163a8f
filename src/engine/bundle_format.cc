#include "engine/bundle_format.h"

#include <bit>
#include <cstring>

namespace ferry::engine {
namespace {

static_assert(sizeof(BundleFooter) == 152 && std::endian::native == std::endian::little);

constexpr std::uint32_t kVersion = 2;
constexpr std::array<char, 8> kMagic = {'F', 'E', 'R', 'R', 'Y', 'B', 'D', 'L'};
constexpr std::size_t kAlign = 16;
constexpr std::uint64_t kPageMask = 4095;

template <typename Info>
auto fields_of(Info& info) {
  return std::array{&info.function_name,      &info.function_digest, &info.engine_name,
                    &info.engine_fingerprint, &info.manifest,        &info.facts};
}

void append(Bytes& out, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

Error malformed(std::string_view name) {
  return Error{Code::kInvalid, std::string(name) + ": the bundle's sizes contradict each other",
               "make it again"};
}

}  // namespace

Bytes write_untagged(const BundleInfo& info, ByteView artifact, CodeRange code,
                     std::uint32_t authentication, const BundleNonce& nonce) {
  Bytes out;
  out.reserve(artifact.size() + info.manifest.size() + info.facts.size() + 4096);
  append(out, artifact.data(), artifact.size());
  out.resize((out.size() + kAlign - 1) / kAlign * kAlign);
  BundleFooter footer{};
  footer.artifact_size = artifact.size();
  footer.code_offset = code.offset;
  footer.code_size = code.size;
  for (const Hash& hash : hash_pieces(artifact.subspan(code.offset, code.size))) {
    append(out, hash.data(), hash.size());
  }
  footer.info_offset = out.size();
  for (const std::string* field : fields_of(info)) {
    const auto size = static_cast<std::uint32_t>(field->size());
    append(out, &size, sizeof size);
    append(out, field->data(), field->size());
  }
  footer.info_size = out.size() - footer.info_offset;
  footer.version = kVersion;
  footer.authentication = authentication;
  footer.magic = kMagic;
  footer.nonce = nonce;
  append(out, &footer, offsetof(BundleFooter, tag));
  return out;
}

Result<BundleFooter> read_footer(ByteView file, std::string_view name) {
  BundleFooter footer{};
  if (file.size() >= sizeof footer) {
    std::memcpy(&footer, file.data() + file.size() - sizeof footer, sizeof footer);
  }
  if (footer.magic != kMagic) {
    return Error{Code::kInvalid, std::string(name) + ": not a bundle, or cut off", ""};
  }
  if (footer.version != kVersion) {
    return Error{Code::kUnsupported,
                 std::string(name) + ": bundle format " + std::to_string(footer.version) +
                     ", and this program reads " + std::to_string(kVersion),
                 "make it again with this version of ferry"};
  }
  if (footer.artifact_size > file.size() - sizeof footer ||
      footer.code_offset > footer.artifact_size ||
      footer.code_size > footer.artifact_size - footer.code_offset ||
      ((footer.code_offset | footer.code_size) & kPageMask) != 0) {
    return malformed(name);
  }
  return footer;
}

Covered cover(ByteView untagged, CodeRange code) {
  return {untagged.first(code.offset), untagged.subspan(code.offset + code.size)};
}

Result<BundleBody> read_body(ByteView file, const BundleFooter& footer, std::string_view name) {
  const std::uint64_t end = file.size() - sizeof footer;
  const std::uint64_t table = (footer.artifact_size + kAlign - 1) / kAlign * kAlign;
  const std::uint64_t pieces = (footer.code_size + kCodePiece - 1) / kCodePiece;
  if (table > end || pieces > (end - table) / sizeof(Hash) ||
      footer.info_offset != table + pieces * sizeof(Hash) ||
      footer.info_size != end - footer.info_offset) {
    return malformed(name);
  }
  BundleBody bundle;
  bundle.artifact_size = footer.artifact_size;
  bundle.code = {footer.code_offset, footer.code_size, std::vector<Hash>(pieces)};
  if (pieces != 0) {
    std::memcpy(bundle.code.pieces.data(), file.data() + table, pieces * sizeof(Hash));
  }
  ByteView rest = file.subspan(footer.info_offset, footer.info_size);
  for (std::string* field : fields_of(bundle.info)) {
    std::uint32_t size = 0;
    if (rest.size() < sizeof size) return malformed(name);
    std::memcpy(&size, rest.data(), sizeof size);
    rest = rest.subspan(sizeof size);
    if (rest.size() < size) return malformed(name);
    field->assign(as_text(rest.first(size)));
    rest = rest.subspan(size);
  }
  if (!rest.empty()) return malformed(name);
  return bundle;
}

}  // namespace ferry::engine
