// A file in place of the standard error that the program was started with: `--log-file`. It can be
// opened anew while the program goes on, after a program such as logrotate has moved it. Used by
// one thread.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace ferry::serve {

class LogFile {
 public:
  // From now on standard error is this file, made with mode 0640 where there is none, and appended
  // to. kUsage: it is a pipe or a terminal.
  static Result<LogFile> open(const std::string& path);
  // Standard error is what it was before.
  ~LogFile();
  LogFile(LogFile&&) noexcept = default;
  LogFile& operator=(LogFile&&) = delete;

  // The file that has this name now. Where there is an error, standard error stays what it is.
  Status reopen() const;

 private:
  LogFile(std::string path, Fd before) : path_(std::move(path)), before_(std::move(before)) {}

  std::string path_;
  Fd before_;
};

}  // namespace ferry::serve
