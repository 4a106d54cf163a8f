#include "bundle/store.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/bundle_mark.h"
#include "bundle/prune.h"
#include "bundle/sealed_file.h"
#include "component/lower.h"
#include "engine/lower.h"
#include "wasm/prepare.h"
#include "wasm/record.h"

namespace ferry::bundle {
namespace {

// Raised with every change that makes a stored bundle mean something else.
constexpr int kStoreVersion = 3;

Result<std::string> default_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/ferry";
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    const passwd* user = getpwuid(geteuid());
    home = user != nullptr ? user->pw_dir : nullptr;
  }
  if (home == nullptr || home[0] != '/') {
    return Error{Code::kNotFound, "there is no home folder to keep compiled functions in",
                 "set HOME or XDG_CACHE_HOME"};
  }
  return std::string(home) + "/.cache/ferry";
}

// Anyone who can write there could give us native code to run.
Status check_folder(const std::string& folder) {
  const Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return errno_error("open the bundle store " + folder, errno);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno_error("stat " + folder, errno);
  if (status.st_uid != geteuid()) {
    return Error{Code::kDenied,
                 "the bundle store " + folder + " belongs to user " +
                     std::to_string(status.st_uid) + ", and this is user " +
                     std::to_string(geteuid()),
                 "set XDG_CACHE_HOME to a folder of your own"};
  }
  if ((status.st_mode & 0022) != 0) {
    return Error{Code::kDenied,
                 "others may write to the bundle store " + folder +
                     ", which holds native code that ferry runs",
                 "chmod 700 " + folder + ", after a look at what is in it"};
  }
  return Done{};
}

// Not by read_all(), whose buffers would have it afterwards.
Result<MacKey> read_key(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    Error error = errno_error("open " + path, errno);
    if (errno == ENOENT) error.code = Code::kNotFound;
    return error;
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno_error("stat " + path, errno);
  if (status.st_uid != geteuid() || (status.st_mode & 0077) != 0) {
    return Error{Code::kDenied, path + ": others can read this key",
                 "remove it: ferry makes a new one, and compiles its functions again"};
  }
  MacKey key;
  errno = 0;
  if (status.st_size == static_cast<off_t>(key.bytes.size()) &&
      read_part(fd.get(), 0, key.bytes.data(), key.bytes.size())) {
    return key;
  }
  if (errno != 0) return errno_error("read " + path, errno);
  return Error{Code::kInvalid, path + ": not a key, or cut off", ""};
}

// Made once; of several processes that come at the same time, one wins and the others take its.
Status make_key(const std::string& path) {
  MacKey key;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  std::array<std::uint8_t, 8> unique{};
  randombytes_buf(unique.data(), unique.size());
  const std::string mine = path + "." + to_hex(unique);
  FERRY_CHECK_OK(write_file_atomically(mine, key.bytes, 0600));
  const bool linked = link(mine.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int why = errno;
  unlink(mine.c_str());
  if (!linked) return errno_error("make " + path, why);
  return Done{};
}

Result<MacKey> load_key(const std::string& folder) {
  const std::string path = folder + "/" + kStoreKey;
  Result<MacKey> key = read_key(path);
  if (key.ok() || (key.error().code != Code::kInvalid && key.error().code != Code::kNotFound)) {
    return key;
  }
  // A truncated key (a disk that filled up) is unusable: everything is compiled once more.
  if (key.error().code == Code::kInvalid) unlink(path.c_str());
  FERRY_CHECK_OK(make_key(path));
  key = read_key(path);
  if (!key.ok() && key.error().code == Code::kInvalid) {
    return Error{Code::kIo, path + ": cannot keep a key there", ""};
  }
  return key;
}

// From what the bundle depends on. Keyed, so that a folder of somebody else's says nothing about
// ours.
std::string file_name(const MacKey& key, const std::string& facts) {
  std::array<std::uint8_t, 20> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const std::uint8_t*>(facts.data()),
                     facts.size(), key.bytes.data(), key.bytes.size());
  return to_hex(hash) + ".ferry";
}

std::string file_name(const MacKey& key, const function::Function& function,
                      const engine::Info& engine) {
  return file_name(key, function.digest + '\n' + engine.name + '\n' + engine.fingerprint + '\n' +
                            std::to_string(wasm::kPrepareVersion) + '.' +
                            std::to_string(wasm::kRecordVersion) + '\n' +
                            std::to_string(kStoreVersion) + '\n' +
                            (engine.capabilities.deadline ? "" : "poll"));
}

// What stands in the place of an engine in the bundle of a lowered component.
constexpr char kLowered[] = "lowered";

std::string lowering_version() { return std::to_string(component::kLoweringVersion); }

std::string lowered_name(const MacKey& key, const std::string& digest) {
  return file_name(key, digest + '\n' + kLowered + '\n' + lowering_version() + '\n' +
                            std::to_string(kStoreVersion));
}

// A record of another shape was left by another version of ferry.
bool is_for(const BundleInfo& info, const function::Function& function,
            const engine::Info& engine) {
  return info.function_digest == function.digest &&
         check_bundle_engine(info, engine.name, engine.fingerprint).ok() &&
         wasm::record_from_json(info.facts).ok();
}

// One compilation of a function at a time on this machine; the others wait and find it done.
// Sixteen locks serve all functions, so that no lock file need ever be removed. Without one
// (a file system that has no locks) a function may be compiled twice, and no more than that.
Fd lock_for(const std::string& folder, const std::string& file) {
  const std::string path = folder + "/lock." + file.substr(0, 1);
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  while (fd.valid() && flock(fd.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  return fd;
}

}  // namespace

Result<Store> Store::open(const StoreOptions& options) {
  if (sodium_init() < 0) return Error{Code::kInternal, "libsodium: no randomness", ""};
  Store store;
  store.folder_ = options.folder;
  if (store.folder_.empty()) {
    FERRY_TRY(store.folder_, default_folder());
  }
  const std::size_t slash = store.folder_.rfind('/');
  if (slash != std::string::npos && slash != 0) {
    FERRY_CHECK_OK(make_directories(store.folder_.substr(0, slash)));
  }
  FERRY_CHECK_OK(make_directories(store.folder_, 0700));
  FERRY_CHECK_OK(check_folder(store.folder_));
  FERRY_TRY(store.key_, load_key(store.folder_));
  return store;
}

void Store::forget_key() { *this = in_memory(); }

Store Store::in_memory() {
  Store store;
  randombytes_buf(store.key_.bytes.data(), store.key_.bytes.size());
  return store;
}

std::optional<Bytes> Store::find(const std::string& digest) const {
  if (folder_.empty()) return std::nullopt;
  const std::string path = folder_ + "/" + lowered_name(key_, digest);
  const Result<Bundle> stored = open_bundle(path, key_);
  if (!stored.ok() || stored->info.function_digest != digest ||
      !check_bundle_engine(stored->info, kLowered, lowering_version()).ok()) {
    return std::nullopt;
  }
  Result<Bytes> lowered = stored->artifact->bytes();
  if (!lowered.ok()) return std::nullopt;
  mark_used(path);
  return *std::move(lowered);
}

void Store::keep(const std::string& name, const std::string& digest, ByteView lowered) const {
  if (folder_.empty()) return;
  const std::string path = folder_ + "/" + lowered_name(key_, digest);
  BundleInfo info;
  info.function_name = name;
  info.function_digest = digest;
  info.engine_name = kLowered;
  info.engine_fingerprint = lowering_version();
  if (write_file_atomically(path, write_bundle(info, lowered, key_), 0600).ok()) {
    static_cast<void>(prune(folder_, default_bounds(), path).ok());
  }
}

Result<BundleInfo> Store::info_of(const std::string& path) const {
  FERRY_TRY(Bundle bundle, open_bundle(path, key_));
  return std::move(bundle.info);
}

bool Store::holds(const function::Function& function, const engine::Info& engine) const {
  if (folder_.empty()) return false;
  const std::string path = folder_ + "/" + file_name(key_, function, engine);
  return access(path.c_str(), R_OK) == 0;
}

Result<Bytes> Store::make(const function::Function& function, const engine::Info& engine,
                          const Compile& compile) const {
  if (function.wasm.empty()) {
    return Error{Code::kNotFound, function.name + ": it is not compiled, and its code is not here",
                 ""};
  }
  FERRY_TRY(const engine::Ready ready, engine::ready_for(function.wasm, function.binary, engine));
  FERRY_TRY(const Bytes artifact, compile(ready.prepared.wasm));
  BundleInfo info;
  info.function_name = function.name;
  info.function_digest = function.digest;
  info.engine_name = engine.name;
  info.engine_fingerprint = engine.fingerprint;
  info.facts = wasm::to_json(wasm::make_record(ready.binary, ready.prepared.facts));
  return write_bundle(info, artifact, key_);
}

Result<Bundle> Store::open_kept(const std::string& path, const function::Function& function,
                                const engine::Info& engine) const {
  FERRY_TRY(Bundle kept, open_bundle(path, key_));
  if (!is_for(kept.info, function, engine)) {
    return Error{Code::kInvalid, path + ": the bundle of another function or engine", ""};
  }
  if (proves_whole_) {
    if (auto proven = kept.artifact->proven(); !proven.ok()) return std::move(proven).error();
  }
  return kept;
}

Result<Bundle> Store::get(const function::Function& function, const engine::Info& engine,
                          const Compile& compile, bool* was_cached) {
  if (folder_.empty()) {
    if (was_cached != nullptr) *was_cached = false;
    FERRY_TRY(const Bytes bytes, make(function, engine, compile));
    return open_bundle(bytes, key_);
  }
  const std::string file = file_name(key_, function, engine);
  const std::string path = folder_ + "/" + file;
  if (was_cached != nullptr) *was_cached = true;
  // Whatever is wrong with the stored bundle, it is made again.
  Result<Bundle> stored = open_kept(path, function, engine);
  if (stored.ok()) {
    mark_used(path);
    return stored;
  }

  const Fd lock = lock_for(folder_, file);
  stored = open_kept(path, function, engine);
  if (stored.ok()) return stored;

  if (was_cached != nullptr) *was_cached = false;
  FERRY_TRY(const Bytes bytes, make(function, engine, compile));
  const Status written = write_file_atomically(path, bytes, 0600);
  if (written.ok()) {
    // The bound applies to older files: what was just made is what is used next.
    static_cast<void>(prune(folder_, default_bounds(), path).ok());
    stored = open_bundle(path, key_);
    if (stored.ok()) return stored;
  }
  // A full disk makes the next start compile again, and costs this one nothing.
  FERRY_TRY(Bundle bundle, open_bundle(bytes, key_));
  bundle.warning = fmt::format(
      "{}: the compiled function could not be kept, and is compiled again "
      "at the next start: {}",
      function.name, (written.ok() ? stored.error() : written.error()).text());
  return bundle;
}

}  // namespace ferry::bundle
