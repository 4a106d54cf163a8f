#include "wasi/trace.h"

#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "wasi/abi.h"
#include "wasi/guest.h"

namespace ferry::wasi {
namespace {

// In the order of their numbers (typenames.witx, $errno).
constexpr std::array<const char*, 77> kNames{
    "success",     "2big",           "acces",       "addrinuse",   "addrnotavail",
    "afnosupport", "again",          "already",     "badf",        "badmsg",
    "busy",        "canceled",       "child",       "connaborted", "connrefused",
    "connreset",   "deadlk",         "destaddrreq", "dom",         "dquot",
    "exist",       "fault",          "fbig",        "hostunreach", "idrm",
    "ilseq",       "inprogress",     "intr",        "inval",       "io",
    "isconn",      "isdir",          "loop",        "mfile",       "mlink",
    "msgsize",     "multihop",       "nametoolong", "netdown",     "netreset",
    "netunreach",  "nfile",          "nobufs",      "nodev",       "noent",
    "noexec",      "nolck",          "nolink",      "nomem",       "nomsg",
    "noprotoopt",  "nospc",          "nosys",       "notconn",     "notdir",
    "notempty",    "notrecoverable", "notsock",     "notsup",      "notty",
    "nxio",        "overflow",       "ownerdead",   "perm",        "pipe",
    "proto",       "protonosupport", "prototype",   "range",       "rofs",
    "spipe",       "srch",           "stale",       "timedout",    "txtbsy",
    "xdev",        "notcapable"};

std::string name_of(std::uint32_t error) {
  return error < kNames.size() ? kNames[error] : std::to_string(error);
}

// Where a call's result lies in guest memory, and what it is called.
struct Shown {
  std::string_view call;
  std::size_t argument;
  const char* what;
  bool wide;
};
constexpr Shown kShown[] = {
    {"fd_read", 3, "bytes", false},      {"fd_write", 3, "bytes", false},
    {"fd_pread", 4, "bytes", false},     {"fd_pwrite", 4, "bytes", false},
    {"clock_time_get", 2, "ns", true},   {"path_open", 8, "is the file", false},
    {"poll_oneoff", 3, "events", false}, {"fd_readdir", 4, "bytes", false}};

// The guest's path among the arguments of the calls that take one first: (fd, path, size) or
// (fd, flags, path, size).
std::string path_in(const Call& call, Guest guest, const std::uint64_t* args) {
  if (!call.name.starts_with("path_")) return {};
  const bool flags = call.name == "path_open" || call.name == "path_filestat_get" ||
                     call.name == "path_filestat_set_times" || call.name == "path_link";
  const std::size_t at = call.name == "path_symlink" ? 0 : flags ? 2 : 1;
  std::string_view path;
  if (!guest.view(static_cast<std::uint32_t>(args[at]), static_cast<std::uint32_t>(args[at + 1]),
                  path)) {
    return {};
  }
  std::string out = " \"";
  for (const char c : path.substr(0, 200)) {
    out += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return out + '"';
}

}  // namespace

std::string describe_call(const Call& call, Memory memory, const std::uint64_t* args,
                          const CallResult& result) {
  const Guest guest(memory);
  std::string line = fmt::format("wasi: {}(", call.name);
  for (std::size_t i = 0; i < call.params.size(); ++i) {
    const bool wide = call.params[i] == 'I';
    line += fmt::format("{}{}", i > 0 ? ", " : "", wide ? args[i] : args[i] & 0xffffffff);
  }
  line += ")" + path_in(call, guest, args);
  if (result.stop) {
    line += " ended the function";
  } else if (call.has_result) {
    line += " = " + name_of(result.value);
    for (const Shown& shown : kShown) {
      if (shown.call != call.name || result.value != 0) continue;
      const auto at = static_cast<std::uint32_t>(args[shown.argument]);
      std::uint64_t wide = 0;
      std::uint32_t narrow = 0;
      if (shown.wide ? guest.get(at, wide) : guest.get(at, narrow)) {
        line += fmt::format(", {} {}", shown.wide ? wide : narrow, shown.what);
      }
    }
  }
  return line;
}

void print_call(const Call& call, Memory memory, const std::uint64_t* args,
                const CallResult& result) {
  const std::string line = describe_call(call, memory, args, result) + '\n';
  // One write, so that the lines of threads do not mix.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace ferry::wasi
