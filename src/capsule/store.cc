#include "capsule/store.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace ferry::capsule {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFiles = 8;  // the folder's size is shared by about as many
constexpr std::uint64_t kLeastInFolder = 256u << 10;
constexpr std::string_view kEnding = ".capsules";

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

Error no_setting(const char* name, std::string_view value, const char* wants) {
  return {Code::kUsage, fmt::format("{} is '{}', and takes {}", name, value, wants), ""};
}

}  // namespace

RecordWords with_environment(RecordWords words,
                             const std::function<const char*(const char*)>& env) {
  const auto fill = [&](std::string& word, const char* name) {
    const char* value = word.empty() ? env(name) : nullptr;
    if (value != nullptr) word = value;
  };
  fill(words.folder, "FERRY_RECORD");
  fill(words.only, "FERRY_RECORD_ONLY");
  fill(words.rate, "FERRY_RECORD_RATE");
  fill(words.size, "FERRY_RECORD_SIZE");
  return words;
}

Result<RecordOptions> record_options(const RecordWords& words) {
  RecordOptions out;
  out.folder = words.folder;
  if (const std::string& only = words.only; !only.empty()) {
    if (only != "failures" && only != "all") {
      return no_setting("--record-only (FERRY_RECORD_ONLY)", only, "failures or all");
    }
    out.failures_only = only == "failures";
  }
  if (const std::string& rate = words.rate; !rate.empty()) {
    const char* const end = rate.data() + rate.size();
    const auto read = std::from_chars(rate.data(), end, out.rate);
    const bool is_share = out.rate >= 0 && out.rate <= 1;  // and NaN, which parses, is none
    if (read.ec != std::errc() || read.ptr != end || !is_share) {
      return no_setting("--record-rate (FERRY_RECORD_RATE)", rate, "a number from 0 to 1");
    }
  }
  if (const std::string& size = words.size; !size.empty()) {
    auto bytes = function::parse_size(size);
    if (!bytes.ok() || *bytes < kLeastInFolder) {
      return no_setting("--record-size (FERRY_RECORD_SIZE)", size,
                        "a size from 256KiB on, such as 64MiB");
    }
    out.most_bytes = *bytes;
  }
  return out;
}

Store::Store(RecordOptions options, std::string program)
    : options_(std::move(options)),
      most_in_file_(options_.most_bytes / kFiles),
      program_(std::move(program)) {}

Result<std::shared_ptr<Store>> Store::open(RecordOptions options, std::string program) {
  FERRY_CHECK_OK(make_directories(options.folder, 0700));
  std::shared_ptr<Store> store(new Store(std::move(options), std::move(program)));
  FERRY_CHECK_OK(store->next_file());
  return store;
}

void Store::remove_oldest() const {
  Kept kept = look(options_.folder);
  for (const auto& [number, size] : kept.sizes) {
    if (kept.total + most_in_file_ <= options_.most_bytes) break;
    const std::string path = path_of(options_.folder, number);
    // As the sandbox of workers lets it be done (host/sandbox_calls.cc).
    if (path != path_ && unlinkat(AT_FDCWD, path.c_str(), 0) == 0) kept.total -= size;
  }
}

Status Store::next_file() {
  file_.reset();
  remove_oldest();
  const Kept kept = look(options_.folder);
  std::uint64_t number = kept.sizes.empty() ? 1 : kept.sizes.rbegin()->first + 1;
  for (unsigned tries = 0; tries < 1000; ++tries, ++number) {
    path_ = path_of(options_.folder, number);
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file_.valid()) {
      in_file_ = 0;
      return Done{};
    }
    if (errno != EEXIST) return errno_error(path_, errno);  // another process's, else
  }
  return Error{Code::kIo, fmt::format("no free name for a file in {}", options_.folder), ""};
}

Status Store::write(const std::string& line) {
  if (!file_.valid() || (in_file_ > 0 && in_file_ + line.size() > most_in_file_)) {
    FERRY_CHECK_OK(next_file());
  }
  Status done = write_all(file_.get(), as_bytes(line), path_);
  if (done.ok()) {
    in_file_ += line.size();
    return done;
  }
  // Half a line must not stay: it would spoil the next.
  const auto before = static_cast<off_t>(in_file_);
  if (ftruncate(file_.get(), before) != 0 || lseek(file_.get(), before, SEEK_SET) < 0) {
    file_.reset();
  }
  return done;
}

// Every n-th, so that each process keeps to the rate exactly. Of failures alone the rate is taken
// when it is known that it is one.
host::Recorder::Wish Store::wish() {
  return options_.failures_only || is_turn() ? Wish::kAll : Wish::kNothing;
}

bool Store::is_turn() {
  const auto seen = static_cast<double>(seen_.fetch_add(1, std::memory_order_relaxed));
  return static_cast<std::uint64_t>((seen + 1) * options_.rate) !=
         static_cast<std::uint64_t>(seen * options_.rate);
}

void Store::record(const host::Recorded& recorded) {
  if (options_.failures_only && (recorded.outcome.status == host::Status::kOk || !is_turn())) {
    return;
  }
  auto line = to_line(capsule_of(recorded));
  Status done = Done{};
  if (!line.ok()) {
    done = line.error();
  } else if (line->size() + 1 > std::min<std::uint64_t>(most_in_file_, kMostLine)) {
    done = Error{
        Code::kLimit,
        fmt::format("its capsule of {} is larger than a file of capsules may be ({})",
                    function::format_size(line->size()), function::format_size(most_in_file_)),
        "raise --record-size"};
  }
  const std::lock_guard lock(mutex_);
  if (done.ok()) {
    *line += '\n';
    done = write(*line);
  }
  if (done.ok()) {
    ++written_;
    return;
  }
  ++lost_;
  if (!std::exchange(warned_, true)) {
    fmt::print(stderr, "{}: an event was not recorded, and serving continues: {}\n", program_,
               done.error().text());
  }
}

}  // namespace ferry::capsule
