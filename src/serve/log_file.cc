#include "serve/log_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

constexpr mode_t kMode = 0640;

Status put_in_place(const std::string& path) {
  // Without O_NONBLOCK a pipe that nobody reads would hold the program here.
  const Fd fd(::open(path.c_str(),
                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, kMode));
  if (!fd.valid()) return errno_error("--log-file: open " + path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return errno_error("--log-file: " + path, errno);
  // Writers of these wait in ways of their own (line_output.h), found out once.
  if (S_ISFIFO(info.st_mode) || isatty(fd.get()) == 1) {
    return Error{Code::kUsage, "--log-file " + path + ": a pipe or a terminal, and not a file",
                 "send standard error there instead: 2>" + path};
  }
  if (dup2(fd.get(), STDERR_FILENO) < 0) return errno_error("--log-file: " + path, errno);
  return Done{};
}

}  // namespace

Result<LogFile> LogFile::open(const std::string& path) {
  Fd before(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!before.valid()) return errno_error("keep standard error", errno);
  FERRY_CHECK_OK(put_in_place(path));
  return LogFile(path, std::move(before));
}

LogFile::~LogFile() {
  if (before_.valid()) dup2(before_.get(), STDERR_FILENO);
}

Status LogFile::reopen() const { return put_in_place(path_); }

}  // namespace ferry::serve
