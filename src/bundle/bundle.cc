#include "bundle/bundle.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/architecture.h"
#include "base/blake3.h"
#include "bundle/bundle_format.h"
#include "bundle/sealed_file.h"

namespace ferry::bundle {
namespace {

constexpr std::uint64_t kMaxBundle = 2ull << 30;

using Tag = std::array<std::uint8_t, kBundleTag>;

// Picks the implementations for this CPU. It can only fail for lack of randomness, and then
// drawing any ends the process.
void start_sodium() {
  if (sodium_init() < 0) sodium_misuse();
}

// One key for one file: Poly1305 must never see the same key twice.
using OneTimeKey = std::array<std::uint8_t, crypto_onetimeauth_KEYBYTES>;
OneTimeKey one_time_key(const MacKey& key, const BundleNonce& nonce) {
  static constexpr std::string_view kPurpose = "ferry bundle mac 2";
  OneTimeKey out{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.bytes.data(), key.bytes.size(), out.size());
  crypto_generichash_update(&state, reinterpret_cast<const std::uint8_t*>(kPurpose.data()),
                            kPurpose.size());
  crypto_generichash_update(&state, nonce.data(), nonce.size());
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

// Less code than this is proven with the rest: a fault would cost more than its hash.
constexpr std::uint64_t kLeastCode = 4 * kCodePiece;

CodeRange code_on_its_own(ByteView artifact) {
  const CodeRange code = find_code(artifact);
  return code.size < kLeastCode ? CodeRange{} : code;
}

// What is signed: a purpose, and the BLAKE3 of what comes before the code and of what follows
// it, where the footer says how much that is. A start waits for these hashes.
Bytes signed_message(const Covered& covered) {
  static constexpr std::string_view kPurpose = "ferry bundle signature 3";
  Bytes out(kPurpose.begin(), kPurpose.end());
  for (const ByteView part : {covered.before, covered.after}) {
    const Hash hash = blake3(part);
    out.insert(out.end(), hash.begin(), hash.end());
  }
  return out;
}

Tag mac_of(const Covered& covered, const OneTimeKey& key) {
  Tag tag{};
  crypto_onetimeauth_state state;
  crypto_onetimeauth_init(&state, key.data());
  crypto_onetimeauth_update(&state, covered.before.data(), covered.before.size());
  crypto_onetimeauth_update(&state, covered.after.data(), covered.after.size());
  crypto_onetimeauth_final(&state, tag.data());
  return tag;  // and zeros
}

Error changed(std::string_view name) {
  return Error{Code::kDenied,
               std::string(name) + ": the bundle was changed, or made with another key",
               "it is native code and is never run unless it is authentic: make it again"};
}

bool authentic(const BundleFooter& footer, const Covered& covered, const MacKey& key) {
  const Tag tag = mac_of(covered, one_time_key(key, footer.nonce));
  return sodium_memcmp(tag.data(), footer.tag.data(), tag.size()) == 0;
}

bool authentic(const BundleFooter& footer, const Covered& covered, const VerifyKey& key) {
  const Bytes message = signed_message(covered);
  return crypto_sign_verify_detached(footer.tag.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

constexpr std::uint32_t kind_of(const MacKey&) { return kBundleByMac; }
constexpr std::uint32_t kind_of(const VerifyKey&) { return kBundleBySignature; }

// Only the mark, the version, the kind and where the code lies are looked at before all but the
// code has been authenticated. `source` valid: `file` is a copy of that without its code.
template <typename Key>
Result<Bundle> check(Fd file, std::size_t size, const Key& key, const std::string& name,
                     Fd source = {}) {
  start_sodium();
  auto map = std::make_unique<FileMap>(file.get(), size);
  if (!map->ok()) return errno_error("map " + name, errno);
  const ByteView bytes = map->view();
  FERRY_TRY(const BundleFooter footer, read_footer(bytes, name));
  if (footer.authentication != kind_of(key)) {
    return Error{Code::kDenied,
                 name + (kind_of(key) == kBundleBySignature
                             ? ": the bundle is not signed"
                             : ": the bundle was not made by this user's store"),
                 ""};
  }
  const Covered covered =
      cover(bytes.first(size - kBundleTag), {footer.code_offset, footer.code_size});
  map->touch(0, covered.before.size());
  map->touch(size - kBundleTag - covered.after.size(), covered.after.size());
  if (!authentic(footer, covered, key)) return changed(name);
  FERRY_TRY(BundleBody body, read_body(bytes, footer, name));
  if (body.code.size == 0) source.reset();
  if (body.code.size == 0 || source.valid()) map.reset();
  Bundle bundle;
  bundle.info = std::move(body.info);
  bundle.artifact =
      std::make_shared<const Artifact>(name, std::move(file), std::move(map), body.artifact_size,
                                       std::move(body.code), std::move(source));
  return bundle;
}

Result<Fd> sealed_copy(ByteView bytes) {
  FERRY_TRY(Fd fd, memory_file());
  FERRY_CHECK_OK(write_all(fd.get(), bytes, "a bundle in memory"));
  FERRY_CHECK_OK(seal(fd.get()));
  return fd;
}

// Where the file says that its code lies; nowhere, if that cannot be so. Proves nothing.
CodeRange code_in(int fd, std::uint64_t size, const std::string& name) {
  std::array<std::uint8_t, sizeof(BundleFooter)> last{};
  if (!read_part(fd, size - last.size(), last.data(), last.size())) return {};
  const auto footer = read_footer_of(last, size, name);
  return footer.ok() ? CodeRange{footer->code_offset, footer->code_size} : CodeRange{};
}

template <typename Key>
Result<Bundle> open_file(const std::string& path, const Key& key) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    Error error = errno_error("open " + path, errno);
    if (errno == ENOENT) error.code = Code::kNotFound;
    return error;
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno_error("stat " + path, errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size < sizeof(BundleFooter)) {
    return Error{Code::kInvalid, path + ": not a bundle, or cut off", ""};
  }
  if (size > kMaxBundle) {
    return Error{Code::kLimit, path + ": a bundle of " + std::to_string(size) + " bytes",
                 "the limit is " + std::to_string(kMaxBundle)};
  }
  // What has been checked must be what is run, for as long as it runs, even if others can write to
  // the file: check a copy that nobody can change. A start uses little of the code, so that most of
  // the copy's cost would be for nothing: code is copied, and checked again, where it is first
  // used.
  FERRY_TRY(Fd copy, memory_file());
  const CodeRange code = code_in(fd.get(), size, path);
  const std::uint64_t end = code.offset + code.size;
  FERRY_CHECK_OK(copy_part(fd.get(), copy.get(), 0, code.offset, path));
  FERRY_CHECK_OK(copy_part(fd.get(), copy.get(), end, size - end, path));
  FERRY_CHECK_OK(seal(copy.get()));
  return check(std::move(copy), size, key, path, std::move(fd));
}

template <typename Key>
Result<Bundle> open_memory(ByteView bytes, const Key& key) {
  if (bytes.size() < sizeof(BundleFooter)) {
    return Error{Code::kInvalid, "bundle: not a bundle, or cut off", ""};
  }
  FERRY_TRY(Fd copy, sealed_copy(bytes));
  return check(std::move(copy), bytes.size(), key, "bundle");
}

}  // namespace

Bytes write_bundle(const BundleInfo& info, ByteView artifact, const MacKey& key) {
  start_sodium();
  BundleNonce nonce{};
  randombytes_buf(nonce.data(), nonce.size());
  const CodeRange code = code_on_its_own(artifact);
  Bytes out = write_untagged(info, artifact, code, kBundleByMac, nonce);
  const Tag tag = mac_of(cover(out, code), one_time_key(key, nonce));
  out.insert(out.end(), tag.begin(), tag.end());
  return out;
}

Bytes write_bundle(const BundleInfo& info, ByteView artifact, const SigningKey& key) {
  start_sodium();
  const CodeRange code = code_on_its_own(artifact);
  Bytes out = write_untagged(info, artifact, code, kBundleBySignature, {});
  const Bytes message = signed_message(cover(out, code));
  Tag tag{};
  crypto_sign_detached(tag.data(), nullptr, message.data(), message.size(), key.secret.data());
  out.insert(out.end(), tag.begin(), tag.end());
  return out;
}

Result<Bundle> open_bundle(const std::string& path, const MacKey& key) {
  return open_file(path, key);
}
Result<Bundle> open_bundle(const std::string& path, const VerifyKey& key) {
  return open_file(path, key);
}
Result<Bundle> open_bundle(ByteView bytes, const MacKey& key) { return open_memory(bytes, key); }
Result<Bundle> open_bundle(ByteView bytes, const VerifyKey& key) { return open_memory(bytes, key); }

Result<Fd> seal_bundle(ByteView bytes) { return sealed_copy(bytes); }

Result<Bundle> open_sealed(Fd sealed, const MacKey& key) {
  constexpr int kSealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = fcntl(sealed.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSealed) != kSealed) {
    return Error{Code::kDenied, "a bundle that could still be changed", ""};
  }
  struct stat status {};
  if (fstat(sealed.get(), &status) != 0) return errno_error("stat a bundle", errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < sizeof(BundleFooter) || size > kMaxBundle) {
    return Error{Code::kInvalid, "bundle: not a bundle, or cut off", ""};
  }
  return check(std::move(sealed), size, key, "bundle");
}

Status check_bundle_engine(const BundleInfo& info, std::string_view engine_name,
                           std::string_view fingerprint) {
  if (info.engine_name == engine_name && info.engine_fingerprint == fingerprint) return Done{};
  const auto made_for = architecture_in(info.engine_fingerprint);
  const auto here = architecture_in(fingerprint);
  if (made_for && here && made_for != here) {
    return Error{Code::kUnsupported,
                 "the bundle of '" + info.function_name + "' was made for " +
                     std::string(name_of(*made_for)) + " CPUs, and this is " +
                     std::string(name_of(*here)),
                 "`ferry pack --arch " + std::string(name_of(*here)) + "` makes one for this CPU"};
  }
  return Error{Code::kUnsupported,
               "the bundle of '" + info.function_name + "' was made for " + info.engine_name +
                   " (" + info.engine_fingerprint + "), and this is " + std::string(engine_name) +
                   " (" + std::string(fingerprint) + ")",
               "make it again for this engine and CPU"};
}

}  // namespace ferry::bundle
