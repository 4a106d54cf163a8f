#include "engine/bundle.h"

#include <cerrno>

#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blake3.h"
#include "engine/bundle_format.h"

namespace ferry::engine {
namespace {

constexpr std::uint64_t kMaxBundle = 2ull << 30;

using Tag = std::array<std::uint8_t, kBundleTag>;

// Picks the implementations for this CPU. It can only fail for want of randomness, and then
// drawing any ends the process.
void start_sodium() {
  if (sodium_init() < 0) sodium_misuse();
}

// One key for one file: Poly1305 must never see the same key twice.
using OneTimeKey = std::array<std::uint8_t, crypto_onetimeauth_KEYBYTES>;
OneTimeKey one_time_key(const MacKey& key, const BundleNonce& nonce) {
  static constexpr std::string_view kPurpose = "ferry bundle mac 1";
  OneTimeKey out{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.bytes.data(), key.bytes.size(), out.size());
  crypto_generichash_update(&state, reinterpret_cast<const std::uint8_t*>(kPurpose.data()),
                            kPurpose.size());
  crypto_generichash_update(&state, nonce.data(), nonce.size());
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

// What is signed: a purpose and the BLAKE3 of the file. A start waits for this hash.
Bytes signed_message(ByteView covered) {
  static constexpr std::string_view kPurpose = "ferry bundle signature 2";
  Bytes out(kPurpose.begin(), kPurpose.end());
  const auto hash = blake3(covered);
  out.insert(out.end(), hash.begin(), hash.end());
  return out;
}

Error changed(std::string_view name) {
  return Error{Code::kDenied,
               std::string(name) + ": the bundle was changed, or made with another key",
               "it is native code and is never run unless it is authentic: make it again"};
}

bool authentic(const BundleFooter& footer, ByteView covered, const MacKey& key) {
  const OneTimeKey once = one_time_key(key, footer.nonce);
  return crypto_onetimeauth_verify(footer.tag.data(), covered.data(), covered.size(),
                                   once.data()) == 0 &&
         sodium_is_zero(footer.tag.data() + crypto_onetimeauth_BYTES,
                        footer.tag.size() - crypto_onetimeauth_BYTES) == 1;
}

bool authentic(const BundleFooter& footer, ByteView covered, const VerifyKey& key) {
  const Bytes message = signed_message(covered);
  return crypto_sign_verify_detached(footer.tag.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

constexpr std::uint32_t kind_of(const MacKey&) { return kBundleByMac; }
constexpr std::uint32_t kind_of(const VerifyKey&) { return kBundleBySignature; }

// `file` is all of the file. Only the mark, the version and the kind are looked at before the
// whole has been authenticated.
template <typename Key>
Result<Bundle> check(ByteView file, const Key& key, std::string_view name) {
  start_sodium();
  FERRY_TRY(const BundleFooter footer, read_footer(file, name));
  if (footer.authentication != kind_of(key)) {
    return Error{Code::kDenied,
                 std::string(name) + (kind_of(key) == kBundleBySignature
                                          ? ": the bundle is not signed"
                                          : ": the bundle was not made by this user's store"),
                 ""};
  }
  if (!authentic(footer, file.first(file.size() - kBundleTag), key)) return changed(name);
  return read_body(file, footer, name);
}

// A whole file in memory for as long as this lives.
class Map {
 public:
  Map(int fd, std::size_t size)
      : size_(size), base_(mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0)) {}
  ~Map() {
    if (ok()) munmap(base_, size_);
  }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;
  bool ok() const { return base_ != MAP_FAILED; }
  ByteView view() const { return {static_cast<const std::uint8_t*>(base_), size_}; }

 private:
  std::size_t size_;
  void* base_;
};

Result<Fd> sealed_copy(ByteView bytes) {
  Fd fd(memfd_create("ferry-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return errno_error("keep a bundle in memory", errno);
  FERRY_CHECK_OK(write_all(fd.get(), bytes, "a bundle in memory"));
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return errno_error("seal a bundle in memory", errno);
  }
  return fd;
}

// Whether someone besides this user and root could write to the file while we use it.
bool others_may_write(const struct stat& status) {
  return (status.st_mode & 0022) != 0 || (status.st_uid != geteuid() && status.st_uid != 0);
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
  const Map map(fd.get(), size);
  if (!map.ok()) return errno_error("map " + path, errno);
  if (others_may_write(status)) {
    // What has been checked must be what is run: check a copy that nobody else can reach.
    FERRY_TRY(Fd copy, sealed_copy(map.view()));
    const Map copied(copy.get(), size);
    if (!copied.ok()) return errno_error("map a copy of " + path, errno);
    FERRY_TRY(Bundle bundle, check(copied.view(), key, path));
    bundle.fd = std::move(copy);
    return bundle;
  }
  FERRY_TRY(Bundle bundle, check(map.view(), key, path));
  bundle.fd = std::move(fd);
  return bundle;
}

template <typename Key>
Result<Bundle> open_memory(ByteView bytes, const Key& key) {
  FERRY_TRY(Bundle bundle, check(bytes, key, "bundle"));
  FERRY_TRY(bundle.fd, sealed_copy(bytes));
  return bundle;
}

}  // namespace

Bytes write_bundle(const BundleInfo& info, ByteView artifact, const MacKey& key) {
  start_sodium();
  BundleNonce nonce{};
  randombytes_buf(nonce.data(), nonce.size());
  Bytes out = write_untagged(info, artifact, kBundleByMac, nonce);
  const OneTimeKey once = one_time_key(key, nonce);
  Tag tag{};
  crypto_onetimeauth(tag.data(), out.data(), out.size(), once.data());
  out.insert(out.end(), tag.begin(), tag.end());
  return out;
}

Bytes write_bundle(const BundleInfo& info, ByteView artifact, const SigningKey& key) {
  start_sodium();
  Bytes out = write_untagged(info, artifact, kBundleBySignature, {});
  const Bytes message = signed_message(out);
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

Status check_bundle_engine(const BundleInfo& info, std::string_view engine_name,
                           std::string_view fingerprint) {
  if (info.engine_name == engine_name && info.engine_fingerprint == fingerprint) return Done{};
  return Error{Code::kUnsupported,
               "the bundle of '" + info.function_name + "' was made for " + info.engine_name +
                   " (" + info.engine_fingerprint + "), and this is " + std::string(engine_name) +
                   " (" + std::string(fingerprint) + ")",
               "make it again for this engine and CPU"};
}

}  // namespace ferry::engine
