#include "host/sandbox_files.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

namespace ferry::host::sandbox {
namespace {

// linux/landlock.h of version 6; older headers end earlier.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

struct PortRule {
  std::uint64_t access = 0;
  std::uint64_t port = 0;
};
constexpr int kRuleNetPort = 2;  // LANDLOCK_RULE_NET_PORT

constexpr std::uint64_t kExecute = 1u << 0;
constexpr std::uint64_t kReadFile = 1u << 2;
constexpr std::uint64_t kReadDir = 1u << 3;
constexpr std::uint64_t kFirst = (1u << 13) - 1;    // what version 1 knows
constexpr std::uint64_t kRefer = 1u << 13;          // version 2
constexpr std::uint64_t kTruncate = 1u << 14;       // version 3
constexpr std::uint64_t kDeviceControl = 1u << 15;  // version 5
constexpr std::uint64_t kBindTcp = 1u << 0;         // version 4
constexpr std::uint64_t kConnectTcp = 1u << 1;
constexpr std::uint64_t kAbstractSockets = 1u << 0;  // version 6
constexpr std::uint64_t kSignals = 1u << 1;

// Devices, sockets and pipes are nothing that a guest can make.
constexpr std::uint64_t kSpecial = (1u << 6) | (1u << 9) | (1u << 10) | (1u << 11);

// What names are resolved with, and which authorities are trusted.
constexpr std::array kNetworkFiles{
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",        "/etc/gai.conf",
    "/etc/ssl",         "/etc/pki",   "/usr/share/ca-certificates"};

Ruleset ruleset_for(const Needs& needs, int version) {
  Ruleset out;
  out.files = kFirst | (version >= 2 ? kRefer : 0) | (version >= 3 ? kTruncate : 0) |
              (version >= 5 ? kDeviceControl : 0);
  if (version >= 4) out.network = kBindTcp | (needs.connects ? 0 : kConnectTcp);
  if (version >= 6) out.scoped = kAbstractSockets | kSignals;
  return out;
}

ferry::Status allow_below(int ruleset, const std::string& path, std::uint64_t access,
                          bool must_exist) {
  const Fd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid()) {
    if (!must_exist && errno == ENOENT) return Done{};
    return errno_error("open the granted folder " + path, errno);
  }
  landlock_path_beneath_attr rule{access, fd.get()};
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return errno_error("allow files below " + path, errno);
  }
  return Done{};
}

}  // namespace

int landlock_version() {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

ferry::Status restrict_files(const Needs& needs, int version) {
  const Ruleset wanted = ruleset_for(needs, version);
  const std::size_t size = version >= 6 ? sizeof wanted : version >= 4 ? 16 : 8;
  const Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &wanted, size, 0)));
  if (!ruleset.valid()) return errno_error("make a Landlock ruleset", errno);
  for (const Needs::Folder& folder : needs.folders) {
    const std::uint64_t access = folder.read_only
                                     ? kReadFile | kReadDir
                                     : wanted.files & ~(kExecute | kSpecial | kDeviceControl);
    FERRY_CHECK_OK(allow_below(ruleset.get(), folder.path, access, true));
  }
  if (needs.connects) {
    for (const char* path : kNetworkFiles) {
      // A rule for a file must not speak of folders.
      const bool is_folder = Fd(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)).valid();
      FERRY_CHECK_OK(
          allow_below(ruleset.get(), path, is_folder ? kReadFile | kReadDir : kReadFile, false));
    }
  }
  if (version >= 4 && !needs.connects && needs.port != 0) {
    const PortRule rule{kConnectTcp, needs.port};
    if (syscall(SYS_landlock_add_rule, ruleset.get(), kRuleNetPort, &rule, 0) != 0) {
      return errno_error("allow a connection to port " + std::to_string(needs.port), errno);
    }
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return errno_error("enter the Landlock ruleset", errno);
  }
  return Done{};
}

}  // namespace ferry::host::sandbox
