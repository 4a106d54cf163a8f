#include "emulators/log_tap.h"

#include <cerrno>

#include <boost/json.hpp>
#include <sys/mman.h>
#include <unistd.h>

namespace ferry::platforms {
namespace {

constexpr std::uint64_t kMost = 1ull << 30;

Result<Fd> memory_file(const char* name) {
  Fd fd(memfd_create(name, MFD_CLOEXEC));
  if (!fd.valid()) {
    return errno_error("make a file in memory", errno);
  }
  return fd;
}

// The whole file; it is empty afterwards.
Result<std::string> drain(int fd) {
  if (lseek(fd, 0, SEEK_SET) != 0) {
    return errno_error("read the log", errno);
  }
  FERRY_TRY(const Bytes bytes, read_all(fd, kMost, "the log"));
  if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
    return errno_error("empty the log", errno);
  }
  return std::string(as_text(bytes));
}

}  // namespace

Result<std::unique_ptr<LogTap>> LogTap::make() {
  FERRY_TRY(Fd out, memory_file("ferry-out"));
  FERRY_TRY(Fd err, memory_file("ferry-err"));
  return std::unique_ptr<LogTap>(new LogTap(std::move(out), std::move(err)));
}

Result<LogTap::Text> LogTap::take() {
  writer_.flush();
  Text text;
  FERRY_TRY(text.out, drain(out_.get()));
  FERRY_TRY(text.err, drain(err_.get()));
  return text;
}

Result<std::vector<std::string>> texts_of_json_lines(std::string_view lines) {
  std::vector<std::string> out;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) {
      return Error{Code::kInvalid, "the log ends within a line", ""};
    }
    boost::system::error_code failed;
    const auto line = boost::json::parse(boost::json::string_view(lines.data(), end), failed);
    const auto* text = !failed && line.is_object() ? line.as_object().if_contains("text") : nullptr;
    if (text == nullptr || !text->is_string()) {
      return Error{
          Code::kInvalid,
          "a log line is not a JSON object with a text: " + std::string(lines.substr(0, end)), ""};
    }
    out.emplace_back(text->as_string().c_str(), text->as_string().size());
    lines.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace ferry::platforms
