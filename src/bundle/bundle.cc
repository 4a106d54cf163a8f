#include "bundle/bundle.h"

#include <algorithm>
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
// code has been authenticated.
template <typename Key>
Result<Bundle> check(Fd file, std::size_t size, const Key& key, const std::string& name) {
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
  if (body.code.size == 0) map.reset();
  Bundle bundle;
  bundle.info = std::move(body.info);
  bundle.artifact = std::make_shared<const Artifact>(name, std::move(file), std::move(map),
                                                     body.artifact_size, std::move(body.code));
  return bundle;
}

Result<Fd> memory_file() {
  // Not executable as a program: some systems allow no other (vm.memfd_noexec), and kernels before
  // 6.3 do not know the flag. To map it for execution is possible with both.
  constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL
  Fd fd(memfd_create("ferry-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING | kNoExecSeal));
  if (!fd.valid()) fd = Fd(memfd_create("ferry-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return errno_error("keep a bundle in memory", errno);
  return fd;
}

// From here on no descriptor and no mapping can change it, this process's own included.
Status seal(int fd) {
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return errno_error("seal a bundle in memory", errno);
  }
  return Done{};
}

Result<Fd> sealed_copy(ByteView bytes) {
  FERRY_TRY(Fd fd, memory_file());
  FERRY_CHECK_OK(write_all(fd.get(), bytes, "a bundle in memory"));
  FERRY_CHECK_OK(seal(fd.get()));
  return fd;
}

// Read and not mapped: a file that becomes shorter meanwhile is an error and no signal.
Result<Fd> sealed_copy(int from, std::uint64_t size, const std::string& name) {
  FERRY_TRY(Fd fd, memory_file());
  std::array<std::uint8_t, 64u << 10> part;  // stays in the CPU's cache between read and write
  while (size != 0) {
    const ssize_t n = read(from, part.data(), std::min<std::uint64_t>(size, part.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + name, errno);
    if (n == 0) return Error{Code::kInvalid, name + ": not a bundle, or cut off", ""};
    const auto got = static_cast<std::size_t>(n);
    FERRY_CHECK_OK(write_all(fd.get(), ByteView(part).first(got), "a bundle in memory"));
    size -= got;
  }
  FERRY_CHECK_OK(seal(fd.get()));
  return fd;
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
  // the file: check a copy that nobody can change.
  FERRY_TRY(Fd copy, sealed_copy(fd.get(), size, path));
  return check(std::move(copy), size, key, path);
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
