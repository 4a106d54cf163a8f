#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "wasi/host_file.h"

namespace ferry::wasi {
namespace {

Error no_openat2(const std::string& host_path, int error_number) {
  std::string_view why = error_number == ENOSYS
                             ? "this kernel has no openat2 (Linux 5.6), or a filter hides it"
                             : "a filter (seccomp) forbids openat2";
  return Error{Code::kUnsupported,
               fmt::format("cannot grant {}: {}, and without it a guest could not be kept inside",
                           host_path, why),
               "run on Linux 5.6 or newer, or with a container runtime whose seccomp profile "
               "knows openat2 (Docker 20.10 or newer)"};
}

// File systems that are the kernel's own interface: what their files say and do concerns this
// process and the machine, and is nobody's data.
Status check_file_system(int fd, const std::string& host_path) {
  constexpr std::uint32_t kMqueue = 0x19800202;  // not in linux/magic.h, nor are these
  constexpr std::uint32_t kConfigfs = 0x62656570;
  constexpr std::uint32_t kFusectl = 0x65735543;
  constexpr std::array<std::uint32_t, 17> kRefused{
      PROC_SUPER_MAGIC,    SYSFS_MAGIC,    CGROUP_SUPER_MAGIC,
      CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC,  TRACEFS_MAGIC,
      SECURITYFS_MAGIC,    SELINUX_MAGIC,  BPF_FS_MAGIC,
      DEVPTS_SUPER_MAGIC,  EFIVARFS_MAGIC, PSTOREFS_MAGIC,
      NSFS_MAGIC,          BINFMTFS_MAGIC, kMqueue,
      kConfigfs,           kFusectl};
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) {
    return errno_error(fmt::format("cannot grant {}", host_path), errno);
  }
  if (std::ranges::find(kRefused, static_cast<std::uint32_t>(info.f_type)) == kRefused.end()) {
    return Done{};
  }
  return Error{Code::kDenied,
               fmt::format("cannot grant {}: it is a file system of the kernel (proc, sysfs or "
                           "the like), which shows and changes the host",
                           host_path),
               "copy what the function needs into a folder, and grant that"};
}

// Past the limit on a file's size (RLIMIT_FSIZE) a write is answered with EFBIG, as everywhere
// else, in place of the signal that ends the process. Whoever handles that signal still does.
void take_no_file_size_signal() {
  struct sigaction current {};
  if (::sigaction(SIGXFSZ, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    std::signal(SIGXFSZ, SIG_IGN);
  }
}

}  // namespace

Result<Directory> Directory::open(const std::string& host_path, const std::string& guest_path,
                                  bool read_only) {
  if (guest_path.empty() || guest_path.size() > 4096 || !is_utf8(guest_path) ||
      guest_path.find('\0') != std::string::npos) {
    return Error{Code::kUsage,
                 fmt::format("cannot grant {}: its name inside the function must be 1 to 4096 "
                             "bytes of UTF-8 without NUL",
                             host_path),
                 "--dir HOST::GUEST, for example --dir ./data::/data"};
  }
  Directory out;
  out.fd_ = Fd(::open(host_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.fd_.valid()) {
    return errno_error(fmt::format("cannot grant {}", host_path), errno);
  }
  FERRY_CHECK_OK(check_file_system(out.fd_.get(), host_path));
  take_no_file_size_signal();
  Fd probe(open_beneath(out.fd_.get(), ".", O_PATH | O_DIRECTORY));
  if (!probe.valid()) {
    return errno == ENOSYS || errno == EPERM
               ? no_openat2(host_path, errno)
               : errno_error(fmt::format("cannot grant {}: openat2", host_path), errno);
  }
  out.guest_path_ = guest_path;
  out.read_only_ = read_only;
  return out;
}

}  // namespace ferry::wasi
