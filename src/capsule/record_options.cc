#include "capsule/record_options.h"

#include <charconv>

#include <fmt/format.h>

#include "function/manifest.h"

namespace ferry::capsule {
namespace {

constexpr std::uint64_t kLeastInFolder = 256u << 10;

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

}  // namespace ferry::capsule
