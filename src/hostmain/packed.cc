#include "hostmain/packed.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bundle/bundle_mark.h"
#include "platforms/list.h"

namespace ferry::hostmain {
namespace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> bundles_in(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->path().extension() == kBundleSuffix) {
      out.push_back(at->path().string());
    }
  }
  if (problem) {
    return errno_error("list " + folder, problem.value());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Whether a file's owner and mode say nothing here: nobody can write to it whatever they say, or
// the file system makes them up (SMB, FAT, 9p, FUSE).
bool modes_mean_nothing(int fd) {
  constexpr std::array<std::uint32_t, 6> kMadeUp{0xFF534D42,        0xFE534D42, SMB_SUPER_MAGIC,
                                                 MSDOS_SUPER_MAGIC, V9FS_MAGIC, FUSE_SUPER_MAGIC};
  struct statvfs mount {};
  struct statfs info {};
  if (fstatvfs(fd, &mount) != 0 || fstatfs(fd, &info) != 0) return false;
  return (mount.f_flag & ST_RDONLY) != 0 ||
         std::ranges::find(kMadeUp, static_cast<std::uint32_t>(info.f_type)) != kMadeUp.end();
}

// Whoever can write to this file decides whose native code is run.
Status check_key_file(int fd, const std::string& path, KeyNamed named) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return errno_error("stat " + path, errno);
  const bool others_write = (status.st_mode & 0022) != 0;
  const bool others_own = status.st_uid != geteuid() && status.st_uid != 0;
  if ((!others_write && (!others_own || named == KeyNamed::kByUser)) || modes_mean_nothing(fd)) {
    return Done{};
  }
  if (others_write) {
    return Error{Code::kDenied,
                 fmt::format("{} decides whose native code is run, and others may write to it "
                             "(mode {:03o})",
                             path, status.st_mode & 0777),
                 "chmod go-w " + path};
  }
  return Error{Code::kDenied,
               fmt::format("{} decides whose native code is run, and it belongs to user {}, who is "
                           "neither root nor this user ({})",
                           path, status.st_uid, geteuid()),
               "chown it, or name it with --key if that user is trusted"};
}

}  // namespace

bool has_bundle(const std::string& folder) {
  const auto found = bundles_in(folder);
  return found.ok() && !found->empty();
}

Result<bundle::VerifyKey> read_public_key(const std::string& path, KeyNamed named) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    Error problem = errno_error("open " + path, errno);
    problem.hint =
        "it is the public key of whoever packed the bundle: `ferry pack` writes it beside "
        "the bundle, and --key names one elsewhere";
    return problem;
  }
  FERRY_CHECK_OK(check_key_file(fd.get(), path, named));
  FERRY_TRY(const Bytes text, read_all(fd.get(), 4096, path));
  std::string_view digits = as_text(text);
  while (digits.ends_with('\n') || digits.ends_with('\r')) {
    digits.remove_suffix(1);
  }
  bundle::VerifyKey key;
  auto bytes = from_hex(digits);
  if (!bytes.ok() || bytes->size() != key.bytes.size()) {
    return Error{Code::kInvalid, path + ": not a public key (64 hexadecimal digits)",
                 "`ferry pack` writes it beside the bundle"};
  }
  std::copy(bytes->begin(), bytes->end(), key.bytes.begin());
  return key;
}

Status keep_named(std::vector<Packed>& packed, const std::string& name) {
  if (name.empty()) {
    return Done{};
  }
  std::string names;
  for (Packed& each : packed) {
    if (each.name == name) {
      Packed named = std::move(each);
      packed.clear();
      packed.push_back(std::move(named));
      return Done{};
    }
    names += (names.empty() ? "" : ", ") + each.name;
  }
  return Error{Code::kUsage, fmt::format("no function is named '{}'", name),
               names.empty() ? "there is none here" : "there are " + names};
}

Result<Packed> unpack(bundle::Bundle bundle) {
  Packed out;
  out.name = bundle.info.function_name;
  FERRY_TRY(out.manifest, function::parse_manifest(bundle.info.manifest,
                                                   "the manifest in the bundle of " + out.name,
                                                   platforms::manifest_sections()));
  out.bundle = std::move(bundle);
  return out;
}

Result<std::vector<Packed>> read_packed(const std::string& path, const std::string& key_path) {
  std::error_code problem;
  const bool is_folder = fs::is_directory(path, problem);
  if (!fs::exists(path, problem)) {
    return Error{Code::kNotFound, fmt::format("--bundle {}: there is no such file or folder", path),
                 "a bundle (*.ferry) is what `ferry pack` makes of a function"};
  }
  if (!is_folder && !bundle::is_bundle(path)) {
    return Error{Code::kInvalid, fmt::format("--bundle {}: this is not a bundle", path),
                 "`ferry pack FUNCTION --for PLATFORM -o DIR` makes one of a .wasm file: compiled "
                 "and signed; `ferry serve` takes a .wasm file as it is"};
  }
  std::vector<std::string> files{path};
  std::string folder = path;
  if (is_folder) {
    FERRY_TRY(files, bundles_in(path));
  } else {
    const std::size_t slash = path.rfind('/');
    folder = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  }
  if (files.empty()) {
    return Error{Code::kNotFound, fmt::format("no bundle (*{}) in {}", kBundleSuffix, path),
                 "`ferry pack` makes one; --bundle says where it is"};
  }
  FERRY_TRY(const bundle::VerifyKey key,
            key_path.empty() ? read_public_key(folder + "/" + kKeyFile, KeyNamed::kBeside)
                             : read_public_key(key_path, KeyNamed::kByUser));
  std::vector<Packed> out;
  for (const std::string& file : files) {
    FERRY_TRY(bundle::Bundle bundle, bundle::open_bundle(file, key));
    FERRY_TRY(Packed packed, unpack(std::move(bundle)));
    for (const Packed& other : out) {
      if (other.name == packed.name) {
        return Error{Code::kUsage,
                     fmt::format("{}: two functions are named '{}'", file, other.name),
                     "pack one of them under another name"};
      }
    }
    out.push_back(std::move(packed));
  }
  return out;
}

}  // namespace ferry::hostmain
