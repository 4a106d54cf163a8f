#include "builder/allow.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/say.h"

namespace ferry::builder {
namespace {

constexpr std::uint64_t kMostRemembered = 4u << 20;  // bytes; some 50,000 functions

Result<std::string> config_folder() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/') return std::string(config) + "/ferry";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.config/ferry";
  return Error{Code::kNotFound, "there is no home folder to remember in what was allowed",
               "set HOME or XDG_CONFIG_HOME"};
}

// Guests and other programs may put anything into a path: escape it for the terminal.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return out;
}

std::string digest_of_asks(const function::Function& function, const function::Asks& asks) {
  std::string all = asks.digest + '\n' + function.digest + '\n';
  for (const std::string& ask : asks.lines) all += ask + '\0';
  return digest_of(as_bytes(all));
}

// A list that others could write to is not trusted.
Result<std::string> read_remembered(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return std::string();
  if (!fd.valid()) return errno_error("open " + path, errno);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno_error("stat " + path, errno);
  if (status.st_uid != geteuid() || (status.st_mode & 0022) != 0) {
    return Error{Code::kDenied, path + ": others can write to the list of what you have allowed",
                 "chmod 600 " + path + ", after a look at what is in it"};
  }
  FERRY_TRY(const Bytes text, read_all(fd.get(), kMostRemembered, path));
  return std::string(as_text(text));
}

Result<bool> is_remembered(const std::string& digest) {
  auto folder = config_folder();
  if (!folder.ok()) return false;
  FERRY_TRY(const std::string text, read_remembered(*folder + "/allowed"));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (line.substr(0, line.find(' ')) == digest) return true;
    at = end + 1;
  }
  return false;
}

Status remember(const std::string& digest, const std::string& of) {
  FERRY_TRY(const std::string folder, config_folder());
  FERRY_CHECK_OK(make_directories(folder, 0700));
  const std::string path = folder + "/allowed";
  const Fd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return errno_error("open " + path, errno);
  const std::string line = digest + ' ' + plain(of) + '\n';
  return write_all(fd.get(), as_bytes(line), path);
}

// A question on the terminal that the user sits at, whatever stdin is. Nothing: there is none.
std::optional<bool> ask(const std::string& question) {
  if (isatty(STDERR_FILENO) == 0) return std::nullopt;
  const Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal.valid()) return std::nullopt;
  if (!write_all(terminal.get(), as_bytes(question), "the terminal").ok()) return std::nullopt;
  std::array<char, 64> answer{};
  const ssize_t size = read(terminal.get(), answer.data(), answer.size());
  const std::string_view text(answer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return text == "y\n" || text == "yes\n";
}

std::string described(const function::Function& function, const function::Asks& asks) {
  std::string out =
      fmt::format("{}: {} asks for more than its own folder", function.name, plain(asks.manifest));
  for (const std::string& each : asks.lines) out += "\n    to " + plain(each);
  return out;
}

}  // namespace

Status require_allowed(const function::Function& function, const function::Asks& asks, bool allow,
                       bool quiet) {
  if (asks.lines.empty()) return Done{};
  const std::string digest = digest_of_asks(function, asks);
  const std::string what = described(function, asks);
  FERRY_TRY(const bool remembered, is_remembered(digest));
  if (remembered || allow) {
    if (!quiet) say("ferry: {}; you allowed it\n", what);
  } else if (const auto answer = ask("ferry: " + what + "\nAllow it? [y/N] ")) {
    if (!*answer) return Error{Code::kUsage, what, "it was not allowed, and nothing was run"};
  } else {
    return Error{
        Code::kUsage, what,
        "the file came with the function: if you trust both, say --allow once (it is "
        "remembered until one of them changes), or grant it yourself with --dir or --connect"};
  }
  if (remembered) return Done{};
  // Without it the question comes again the next time.
  if (const Status kept = remember(digest, asks.manifest); !kept.ok() && !quiet) {
    say("ferry: this is not remembered: {}\n", kept.error().text());
  }
  return Done{};
}

}  // namespace ferry::builder
