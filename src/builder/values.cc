#include "builder/values.h"

#include <fmt/format.h>

#include "base/file.h"

namespace ferry::builder {
namespace {

constexpr std::uint64_t kMostValue = 1u << 20;

}  // namespace

Result<std::string> value_of(const std::string& text, const std::string& option) {
  if (!text.starts_with('@')) return text;
  if (text.starts_with("@@")) return text.substr(1);
  auto bytes = read_file(text.substr(1), kMostValue);
  if (!bytes.ok()) return with_context(std::move(bytes).error(), option);
  std::string_view value = as_text(*bytes);
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  return std::string(value);
}

Result<NamedValues> read_env_file(const std::string& path) {
  FERRY_TRY(const Bytes bytes, read_file(path, kMostValue));
  NamedValues out;
  std::string_view rest = as_text(bytes);
  for (int number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0 ||
        line.find('\0') != std::string_view::npos) {
      return Error{Code::kInvalid, fmt::format("{}:{}: no NAME=VALUE", path, number), ""};
    }
    out.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

}  // namespace ferry::builder
