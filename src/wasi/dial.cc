// path_open below the two folders that exist where the network is granted: "/dev", whose paths
// tcp/HOST/PORT are connections (as bash has them), and the one with the certificates.
#include <array>
#include <cerrno>
#include <charconv>

#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "wasi/socket_io.h"

namespace ferry::wasi {
namespace {

struct Dialled {
  std::string_view host;
  std::uint16_t port = 0;
};

std::optional<Dialled> read_dial(std::string_view path) {
  constexpr std::string_view kTcp = "tcp/";
  if (!path.starts_with(kTcp)) return std::nullopt;
  path.remove_prefix(kTcp.size());
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  Dialled out{path.substr(0, slash)};
  const std::string_view digits = path.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (error != std::errc() || end != digits.data() + digits.size() || out.port == 0) {
    return std::nullopt;
  }
  return out;
}

// Opening waits until the connection stands, whatever the flags say: there is no later call that
// would tell a guest that it failed.
Answer dial(S& s, Guest g, const Dialled& to, u32 fdflags, u32 result_at) {
  if (reach_out(s, "path_open") == nullptr) return Errno::kAcces;
  std::vector<net::Address> addresses;
  Answer answer = look_up(s, to.host, to.port, addresses);
  if (answer.stop || answer.error != Errno::kSuccess) return answer;
  for (const net::Address& address : addresses) {
    u32 fd = 0;
    if (Errno error = open_socket(s, true, address.v6, 0, fd); error != Errno::kSuccess) {
      return error;
    }
    answer = connect_socket(s, *s.fds.find(fd), {address, to.port});
    if (!answer.stop && answer.error == Errno::kSuccess) {
      s.fds.find(fd)->flags = static_cast<std::uint16_t>(fdflags);
      g.put(result_at, fd);
      return Errno::kSuccess;
    }
    end_socket(s, fd);
    if (answer.stop) return answer;
  }
  return answer;
}

// Each opening gets its own copy, with a place of its own, as a file would.
Answer open_certificates(S& s, Guest g, u32 fdflags, u32 result_at) {
  if (s.fds.opened() >= s.setup.quotas.open_files) return Errno::kMfile;
  s.drawn.files = true;
  const std::string& bundle = s.setup.network->ca_bundle;
  if (bundle.empty()) return Errno::kNoent;
  Fd file(::memfd_create(kCaName, MFD_CLOEXEC));
  if (!file.valid()) return errno_from_host(errno);
  if (!write_all(file.get(), as_bytes(bundle), kCaName).ok() ||
      ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return Errno::kIo;
  }
  constexpr u64 kReads = rights::kFdRead | rights::kFdSeek | rights::kFdTell | rights::kFdAdvise |
                         rights::kFdFilestatGet | rights::kPollFdReadwrite;
  Entry entry{.kind = Entry::Kind::kFile,
              .owned = true,
              .read_only = true,
              .flags = static_cast<std::uint16_t>(fdflags),
              .base = kReads};
  entry.host = file.release();
  g.put(result_at, s.fds.add(entry));
  return Errno::kSuccess;
}

}  // namespace

Answer open_network_path(S& s, Guest g, const Entry& folder, u32 oflags, u64 base, u32 fdflags,
                         u32 result_at) {
  std::string_view path = s.path;
  while (path.starts_with("./")) path.remove_prefix(2);
  if (folder.kind == Entry::Kind::kDialFolder) {
    const auto to = read_dial(path);
    if (!to) return Errno::kNoent;
    if ((oflags & (kOpenDirectory | kOpenExcl)) != 0) return Errno::kNotdir;
    return dial(s, g, *to, fdflags, result_at);
  }
  if (path != kCaName) return Errno::kNoent;
  if ((oflags & kOpenDirectory) != 0) return Errno::kNotdir;
  if ((base & rights::kFdWrite) != 0 && (base & rights::kFdRead) == 0) return Errno::kRofs;
  if ((oflags & (kOpenCreat | kOpenTrunc)) != 0) return Errno::kRofs;
  return open_certificates(s, g, fdflags, result_at);
}

}  // namespace ferry::wasi
