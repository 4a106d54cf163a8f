// Durations, sizes and grants as people write them, in ferry.toml and on the command line alike.
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "function/manifest.h"
#include "wasi/file_tree.h"

namespace ferry::function {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr Unit kTimes[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}};

constexpr Unit kSizes[] = {
    {"", 1},       {"B", 1},      {"KiB", 1ull << 10}, {"MiB", 1ull << 20},  {"GiB", 1ull << 30},
    {"kB", 1'000}, {"KB", 1'000}, {"MB", 1'000'000},   {"GB", 1'000'000'000}};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

// A decimal number, with a fraction perhaps, times its unit; whole, and at most 2^53.
template <std::size_t N>
bool parse_quantity(std::string_view text, const Unit (&units)[N], std::uint64_t& out) {
  text = trim(text);
  const std::size_t digits = text.find_first_not_of("0123456789.");
  std::string_view number = text.substr(0, digits);
  std::string_view unit =
      digits == std::string_view::npos ? std::string_view{} : trim(text.substr(digits));
  if (number.empty() || number.front() == '.' || number.back() == '.') {
    return false;
  }
  double value = 0;
  auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), value,
                                        std::chars_format::fixed);
  if (problem != std::errc{} || end != number.data() + number.size()) {
    return false;
  }
  for (const Unit& candidate : units) {
    if (candidate.name == unit) {
      value *= static_cast<double>(candidate.factor);
      if (value > 9007199254740992.0 || value != std::floor(value)) {
        return false;
      }
      out = static_cast<std::uint64_t>(value);
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::uint64_t value = 0;
  if (!parse_quantity(text, kTimes, value)) {
    return Error{Code::kInvalid, fmt::format("'{}' is not a duration", text),
                 "write a number and its unit: \"500ms\", \"2s\", \"1m\""};
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  if (!parse_quantity(text, kSizes, value)) {
    return Error{Code::kInvalid, fmt::format("'{}' is not a size", text),
                 "write a number and its unit: \"64MiB\", \"6 MiB\", \"512KiB\", or plain bytes"};
  }
  return value;
}

std::string format_size(std::uint64_t bytes) {
  static constexpr std::string_view kNames[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  while (unit + 1 < std::size(kNames) && bytes >> (10 * (unit + 1)) != 0) {
    ++unit;
  }
  if (bytes % (1ull << (10 * unit)) == 0) {
    return fmt::format("{} {}", bytes >> (10 * unit), kNames[unit]);
  }
  return fmt::format("{:.1f} {}", static_cast<double>(bytes) / std::exp2(10.0 * double(unit)),
                     kNames[unit]);
}

Result<DirGrant> parse_dir_grant(std::string_view text) {
  const Error malformed{Code::kInvalid, fmt::format("'{}' grants no folder", text),
                        "write HOST::GUEST or HOST::GUEST:ro, as in \"./data::/data:ro\""};
  if (text.find('\0') != std::string_view::npos) {
    return malformed;
  }
  const std::size_t split = text.find("::");
  if (split == std::string_view::npos || split == 0) {
    return malformed;
  }
  DirGrant grant;
  grant.host = text.substr(0, split);
  std::string_view guest = text.substr(split + 2);
  if (guest.ends_with(":ro")) {
    grant.read_only = true;
    guest.remove_suffix(3);
  }
  while (guest.size() > 1 && guest.ends_with('/')) {
    guest.remove_suffix(1);
  }
  if (!guest.starts_with('/') || guest.find(':') != std::string_view::npos) {
    return malformed;
  }
  // The guest sees this name: one spelling for one folder.
  if (guest.size() > 1) {
    if (Status good = wasi::check_guest_path(guest.substr(1)); !good.ok()) {
      return with_context(std::move(good).error(), fmt::format("'{}'", text));
    }
  }
  grant.guest = guest;
  return grant;
}

}  // namespace ferry::function
