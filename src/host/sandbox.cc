#include "host/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/say.h"
#include "host/sandbox_calls.h"
#include "host/sandbox_files.h"

namespace ferry::host::sandbox {
namespace {

// A sanitizer reads /proc and traces its own process.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPossible = false;
#else
constexpr bool kPossible = true;
#endif

struct Part {
  std::string_view name;
  bool Parts::*field;
};
constexpr std::array kParts{Part{"privileges", &Parts::privileges}, Part{"files", &Parts::files},
                            Part{"system-calls", &Parts::system_calls},
                            Part{"memory", &Parts::memory},
                            Part{"environment", &Parts::environment}};

CallRules rules_for(const Parts& parts, const Needs& needs) {
  const bool decided_by_landlock = parts.files && !needs.late && landlock_version() > 0;
  const bool writes = std::ranges::any_of(
      needs.folders, [](const Needs::Folder& folder) { return !folder.read_only; });
  return {.opens = decided_by_landlock || !needs.folders.empty() || needs.connects,
          .changes = writes,
          .connects = needs.connects    ? Connects::kAny
                      : needs.port != 0 ? Connects::kTcp
                                        : Connects::kNone,
          .pid = getpid()};
}

// Of all capabilities root has, one that a granted folder of another user may need.
std::uint32_t kept_capabilities(const Needs& needs) {
  return geteuid() == 0 && !needs.folders.empty() ? 1u << CAP_DAC_OVERRIDE : 0;
}

ferry::Status drop_capabilities(std::uint32_t kept) {
  // Past the last one that this kernel knows it answers EINVAL.
  for (unsigned long each = 0; prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; ++each) {
    if (each < 32 && (kept >> each & 1) != 0) continue;
    // Without CAP_SETPCAP it cannot be taken out, and cannot be gained either: no_new_privs.
    prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{{kept, kept, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, data) != 0) return errno_error("drop capabilities", errno);
  return Done{};
}

// It may hold secrets of the host; functions get their variables from their grants.
void wipe_environment() {
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    explicit_bzero(*each, std::strlen(*each));
  }
  clearenv();
}

ferry::Status close_memory() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return errno_error("forbid core dumps", errno);
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno_error("forbid debuggers", errno);
  return Done{};
}

// Landlock holds for the thread that enters it and those that it starts.
bool has_one_thread() {
  std::error_code unknown;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/task", unknown), end;
       !unknown && at != end; at.increment(unknown)) {
    ++count;
  }
  return unknown || count == 1;
}

std::string files_in_words(const Needs& needs, int version) {
  std::string out = needs.folders.empty() ? "no file is opened"
                                          : "files are opened below the granted folders only:";
  for (const Needs::Folder& folder : needs.folders) {
    out += fmt::format(" {}{}", folder.path, folder.read_only ? " (read)" : "");
  }
  if (needs.connects) {
    out += needs.folders.empty() ? " but" : ", and";
    out += " those that names and certificates are looked up in (read)";
  }
  if (version >= 4 && !needs.connects) {
    out += needs.port == 0 ? "; no TCP connection"
                           : fmt::format("; no TCP connection but to port {}", needs.port);
  }
  return out + fmt::format(" (Landlock {})", version);
}

}  // namespace

Result<Parts> parse_parts(std::string_view text) {
  if (text == "none") return Parts{false, false, false, false, false};
  Parts parts;
  if (text == "all") return parts;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto* found = std::ranges::find_if(
        kParts, [&](const Part& part) { return word == "no-" + std::string(part.name); });
    if (found == kParts.end()) {
      return Error{Code::kUsage, fmt::format("--sandbox: '{}' is no part of it", word),
                   "all, none, or what to leave out: no-privileges, no-files, no-system-calls, "
                   "no-memory, no-environment, with commas between them"};
    }
    parts.*found->field = false;
  }
  return parts;
}

std::vector<Line> describe(const Parts& parts, const Needs& needs) {
  const int version = landlock_version();
  const CallRules rules = rules_for(parts, needs);
  std::vector<Line> lines{
      {"privileges", parts.privileges,
       kept_capabilities(needs) == 0
           ? "no new privileges, no capabilities"
           : "no new privileges; of the capabilities CAP_DAC_OVERRIDE alone, for granted folders"},
      {"files", parts.files && version > 0, files_in_words(needs, version)},
      {"system-calls", parts.system_calls && has_filters(),
       fmt::format("{} system calls; no program is started, no process is signalled{}",
                   allowed_calls(rules),
                   rules.connects == Connects::kNone ? ", no socket is made" : "")},
      {"memory", parts.memory, "no core dumps; no debugger, and no other process reads it"},
      {"environment", parts.environment, "wiped when everything is loaded"}};
  if (parts.files && version == 0) {
    lines[1].what = "this kernel has no Landlock (Linux 5.13)";
    lines[1].missing = true;
  }
  if (parts.system_calls && !has_filters()) {
    lines[2].what = "this kernel takes no seccomp filter";
    lines[2].missing = true;
  }
  if (needs.late) {
    constexpr std::string_view kLate = "the process has threads before it has its function";
    lines[0] = {lines[0].part, parts.privileges || parts.system_calls, "no new privileges"};
    lines[1] = {lines[1].part, false, std::string(kLate)};
    if (!rules.opens) lines[2].what += "; no file is opened";
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!kPossible) lines[i] = {kParts[i].name, false, "this is a build with a sanitizer"};
    if (!(parts.*kParts[i].field)) lines[i].what = "left out by --sandbox";
  }
  return lines;
}

std::string to_text(const std::vector<Line>& lines) {
  std::string out;
  for (const Line& line : lines) {
    out += fmt::format("{:<14}{:<5}{}\n", line.part, line.on ? "on" : "off", line.what);
  }
  return out;
}

ferry::Status enter(const Parts& parts, const Needs& needs) {
  if (!kPossible) return Done{};
  const CallRules rules = rules_for(parts, needs);
  // Both need it, and none of ours is started with more privileges than we have.
  if ((parts.privileges || parts.files || parts.system_calls) &&
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return errno_error("forbid new privileges", errno);
  }
  if (const int version = landlock_version(); parts.files && !needs.late && version > 0) {
    if (!has_one_thread()) {
      return Error{Code::kInternal, "the sandbox was entered with threads that are outside of it",
                   ""};
    }
    FERRY_CHECK_OK(restrict_files(needs, version));
  }
  if (parts.privileges && !needs.late) FERRY_CHECK_OK(drop_capabilities(kept_capabilities(needs)));
  if (parts.environment) wipe_environment();
  if (parts.memory) FERRY_CHECK_OK(close_memory());
  if (parts.system_calls && has_filters()) FERRY_CHECK_OK(install_filter(rules));
  return Done{};
}

void add_needs(const function::Grants& grants, Needs& needs) {
  for (const function::DirGrant& grant : grants.dirs) {
    needs.folders.push_back({grant.host, grant.read_only});
  }
  needs.connects |= grants.network();
}

void warn(std::string_view program, const Parts& parts, const Needs& needs) {
  for (const Line& line : describe(parts, needs)) {
    if (line.missing) {
      say("{}: sandbox: without {}: {}\n", program, line.part, line.what);
    }
  }
  if (geteuid() == 0) {
    say("{}: running as root: code that breaks out of a function is root; use a user of its "
        "own\n",
        program);
  }
}

}  // namespace ferry::host::sandbox
