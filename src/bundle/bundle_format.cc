#include "bundle/bundle_format.h"

#include <bit>
#include <cstring>
#include <optional>

#include "bundle/artifact.h"

namespace ferry::bundle {
namespace {

static_assert(sizeof(BundleFooter) == 152 && sizeof(PageRun) == 8 &&
              std::endian::native == std::endian::little);

constexpr std::uint32_t kVersion = 4;
constexpr std::array<char, 8> kMagic = {'F', 'E', 'R', 'R', 'Y', 'B', 'D', 'L'};
constexpr std::size_t kAlign = 16;

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

// A length and that many bytes, taken off the front.
std::optional<ByteView> take_field(ByteView& rest) {
  std::uint32_t size = 0;
  if (rest.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, rest.data(), sizeof size);
  if (rest.size() - sizeof size < size) return std::nullopt;
  const ByteView out = rest.subspan(sizeof size, size);
  rest = rest.subspan(sizeof size + size);
  return out;
}

// Each behind the one before with a page between them at least, none empty, none past the code.
bool read_runs(ByteView bytes, std::uint64_t pages, std::vector<PageRun>& out) {
  if (bytes.size() % sizeof(PageRun) != 0) return false;
  out.resize(bytes.size() / sizeof(PageRun));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  std::uint64_t least = 0;
  for (const PageRun& run : out) {
    if (run.first < least || run.count == 0 || run.first > pages || run.count > pages - run.first) {
      return false;
    }
    least = std::uint64_t{run.first} + run.count + 1;
  }
  return true;
}

}  // namespace

Bytes write_untagged(const BundleInfo& info, ByteView artifact, CodeRange code,
                     std::uint32_t authentication, const BundleNonce& nonce) {
  Bytes out;
  out.reserve(artifact.size() + info.manifest.size() + info.facts.size() +
              (info.files == nullptr ? 0 : info.files->archive().size()) + 4096);
  append(out, artifact.data(), artifact.size());
  out.resize((out.size() + kAlign - 1) / kAlign * kAlign);
  BundleFooter footer{};
  footer.artifact_size = artifact.size();
  footer.code_offset = code.offset;
  footer.code_size = code.size;
  for (const Hash& hash : hash_pages(artifact.subspan(code.offset, code.size))) {
    append(out, hash.data(), hash.size());
  }
  footer.info_offset = out.size();
  for (const std::string* field : fields_of(info)) {
    const auto size = static_cast<std::uint32_t>(field->size());
    append(out, &size, sizeof size);
    append(out, field->data(), field->size());
  }
  const std::string_view files = info.files == nullptr ? "" : info.files->archive();
  const auto files_size = static_cast<std::uint32_t>(files.size());  // FileTree::kMostBytes
  append(out, &files_size, sizeof files_size);
  append(out, files.data(), files.size());
  // Of code that is not proven on its own there is nothing to say.
  const auto early =
      static_cast<std::uint32_t>(code.size == 0 ? 0 : info.early.size() * sizeof(PageRun));
  append(out, &early, sizeof early);
  if (early != 0) append(out, info.early.data(), early);
  footer.info_size = out.size() - footer.info_offset;
  footer.version = kVersion;
  footer.authentication = authentication;
  footer.magic = kMagic;
  footer.nonce = nonce;
  append(out, &footer, offsetof(BundleFooter, tag));
  return out;
}

bool has_mark(ByteView footer) {
  BundleFooter last{};
  if (footer.size() < sizeof last) return false;
  std::memcpy(&last, footer.data() + footer.size() - sizeof last, sizeof last);
  return last.magic == kMagic;
}

Result<BundleFooter> read_footer(ByteView file, std::string_view name) {
  return read_footer_of(file, file.size(), name);
}

Result<BundleFooter> read_footer_of(ByteView last, std::uint64_t size, std::string_view name) {
  BundleFooter footer{};
  if (last.size() >= sizeof footer) {
    std::memcpy(&footer, last.data() + last.size() - sizeof footer, sizeof footer);
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
  if (footer.artifact_size > size - sizeof footer || footer.code_offset > footer.artifact_size ||
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
  const std::uint64_t pages = footer.code_size / kCodePage;
  if (table > end || pages > (end - table) / sizeof(Hash) ||
      footer.info_offset != table + pages * sizeof(Hash) ||
      footer.info_size != end - footer.info_offset) {
    return malformed(name);
  }
  BundleBody bundle;
  bundle.artifact_size = footer.artifact_size;
  bundle.code = {footer.code_offset, footer.code_size, std::vector<Hash>(pages), {}};
  if (pages != 0) {
    std::memcpy(bundle.code.pages.data(), file.data() + table, pages * sizeof(Hash));
  }
  ByteView rest = file.subspan(footer.info_offset, footer.info_size);
  for (std::string* field : fields_of(bundle.info)) {
    const auto content = take_field(rest);
    if (!content) return malformed(name);
    field->assign(as_text(*content));
  }
  const auto files = take_field(rest);
  if (!files) return malformed(name);
  if (!files->empty()) {
    FERRY_TRY(bundle.info.files, wasi::FileTree::read(std::string(as_text(*files))));
  }
  const auto early = take_field(rest);
  if (!early || !rest.empty() || !read_runs(*early, pages, bundle.info.early)) {
    return malformed(name);
  }
  bundle.code.early = bundle.info.early;
  return bundle;
}

}  // namespace ferry::bundle
