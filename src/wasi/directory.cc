#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>

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
