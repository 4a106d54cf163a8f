#include "packaging/signing.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry::packaging {
namespace {

constexpr char kOwnKey[] = "/signing.key";

Result<std::string> default_folder() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && data[0] == '/') {
    return std::string(data) + "/ferry";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    return Error{Code::kNotFound, "there is no home folder to keep the signing key in",
                 "set HOME or XDG_DATA_HOME, or name a key with --key"};
  }
  return std::string(home) + "/.local/share/ferry";
}

// The seed alone is kept: 64 hexadecimal digits. Of several that make one at the same time, one
// wins and all use its.
Status make_key(const std::string& path) {
  bundle::SigningKey key;
  bundle::VerifyKey shown;
  if (sodium_init() < 0) {
    return Error{Code::kInternal, "libsodium: no randomness", ""};
  }
  crypto_sign_keypair(shown.bytes.data(), key.secret.data());
  std::array<std::uint8_t, crypto_sign_SEEDBYTES> seed{};
  crypto_sign_ed25519_sk_to_seed(seed.data(), key.secret.data());
  std::string text = to_hex(seed) + "\n";
  sodium_memzero(seed.data(), seed.size());
  const std::string mine = path + "." + std::to_string(getpid());
  const Status written = write_file_atomically(mine, as_bytes(text), 0600);
  sodium_memzero(text.data(), text.size());
  FERRY_CHECK_OK(written);
  const bool linked = link(mine.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int why = errno;
  unlink(mine.c_str());
  if (!linked) {
    return errno_error("make " + path, why);
  }
  return Done{};
}

Result<Bytes> read_seed(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    Error error = errno_error("open " + path, errno);
    if (errno == ENOENT) {
      error.code = Code::kNotFound;
    }
    return error;
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) {
    return errno_error("stat " + path, errno);
  }
  if (status.st_uid != geteuid() || (status.st_mode & 0077) != 0) {
    return Error{Code::kDenied, path + ": others can read this signing key",
                 "remove it, and ferry makes a new one; what it signed must be packed again"};
  }
  FERRY_TRY(Bytes text, read_all(fd.get(), 4096, path));
  std::string_view digits = as_text(text);
  if (digits.ends_with('\n')) {
    digits.remove_suffix(1);
  }
  auto seed = from_hex(digits);
  sodium_memzero(text.data(), text.size());
  if (!seed.ok() || seed->size() != crypto_sign_SEEDBYTES) {
    return Error{Code::kInvalid, path + ": not a signing key (64 hexadecimal digits)",
                 "remove it, and ferry makes a new one"};
  }
  return seed;
}

}  // namespace

Result<KeyPair> load_key_pair(const std::string& path) {
  KeyPair out;
  out.path = path;
  if (path.empty()) {
    FERRY_TRY(const std::string folder, default_folder());
    FERRY_CHECK_OK(make_directories(folder, 0700));
    out.path = folder + kOwnKey;
  }
  auto seed = read_seed(out.path);
  if (!seed.ok() && seed.error().code == Code::kNotFound && path.empty()) {
    FERRY_CHECK_OK(make_key(out.path));
    seed = read_seed(out.path);
  }
  if (!seed.ok()) {
    return std::move(seed).error();
  }
  crypto_sign_seed_keypair(out.shown.bytes.data(), out.secret.secret.data(), seed->data());
  sodium_memzero(seed->data(), seed->size());
  return out;
}

Result<bundle::VerifyKey> own_verify_key() {
  FERRY_TRY(const std::string folder, default_folder());
  FERRY_TRY(const KeyPair own, load_key_pair(folder + kOwnKey));
  return own.shown;
}

std::string key_text(const bundle::VerifyKey& key) { return to_hex(key.bytes) + "\n"; }

}  // namespace ferry::packaging
