#include "capsule/files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "capsule/entry.h"

namespace ferry::capsule {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFiles = 8;  // the folder's size is shared by about as many

// "000012.capsules" → 12; nothing for other files.
std::optional<std::uint64_t> number_of(const std::string& name) {
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data(), end, number);
  if (read.ec != std::errc() || std::string_view(read.ptr, end) != kEnding) return std::nullopt;
  return number;
}

std::string path_of(const std::string& folder, std::uint64_t number) {
  return fmt::format("{}/{:06}{}", folder, number, kEnding);
}

struct Kept {
  std::map<std::uint64_t, std::uint64_t> sizes;  // by number
  std::uint64_t total = 0;
};

Kept look(const std::string& folder) {
  Kept out;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const auto number = number_of(at->path().filename().string());
    if (!number) continue;
    std::error_code gone;
    const std::uint64_t size = at->file_size(gone);
    if (gone) continue;
    out.sizes[*number] = size;
    out.total += size;
  }
  return out;
}

}  // namespace

Files::Files(std::string folder, std::uint64_t most)
    : folder_(std::move(folder)), most_(most), most_in_file_(most / kFiles) {}

Status Files::open() {
  FERRY_CHECK_OK(make_directories(folder_, 0700));
  return next();
}

void Files::remove_oldest() const {
  Kept kept = look(folder_);
  for (const auto& [number, size] : kept.sizes) {
    if (kept.total + most_in_file_ <= most_) break;
    const std::string path = path_of(folder_, number);
    // As the sandbox of workers lets it be done (host/sandbox_calls.cc).
    if (path != path_ && unlinkat(AT_FDCWD, path.c_str(), 0) == 0) kept.total -= size;
  }
}

Status Files::next() {
  file_.reset();
  remove_oldest();
  const Kept kept = look(folder_);
  std::uint64_t number = kept.sizes.empty() ? 1 : kept.sizes.rbegin()->first + 1;
  for (unsigned tries = 0; tries < 1000; ++tries, ++number) {
    path_ = path_of(folder_, number);
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file_.valid()) {
      in_file_ = 0;
      return Done{};
    }
    if (errno != EEXIST) return errno_error(path_, errno);  // another process's, else
  }
  return Error{Code::kIo, fmt::format("no free name for a file in {}", folder_), ""};
}

std::uint64_t Files::most_in_batch() const {
  return most_in_file_ - std::min<std::uint64_t>(most_in_file_, kFileHead.size());
}

Status Files::append(std::string_view entries) {
  if (!file_.valid() || (in_file_ > 0 && in_file_ + entries.size() > most_in_file_)) {
    FERRY_CHECK_OK(next());
  }
  if (in_file_ == 0) FERRY_CHECK_OK(write(kFileHead));
  return write(entries);
}

Status Files::write(std::string_view bytes) {
  Status done = write_all(file_.get(), as_bytes(bytes), path_);
  if (done.ok()) {
    in_file_ += bytes.size();
    return done;
  }
  // Half an entry must not stay: it would spoil the next.
  const auto before = static_cast<off_t>(in_file_);
  if (ftruncate(file_.get(), before) != 0 || lseek(file_.get(), before, SEEK_SET) < 0) {
    file_.reset();
  }
  return done;
}

}  // namespace ferry::capsule
