#include "verify/secrets.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"

namespace ferry::verify {
namespace {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// The characters of a longer text's base64 that depend on `secret` alone, where it begins `before`
// bytes behind a multiple of three: as in "Authorization: Basic", which has a name in front.
std::string base64_core(std::string_view secret, std::size_t before) {
  constexpr std::size_t kGroup = 3;
  constexpr std::size_t kSkip[kGroup] = {0, 2, 3};  // characters that the bytes before take part in
  const std::size_t whole = (before + secret.size()) / kGroup * kGroup;
  const std::string padded = std::string(before, '\0') + std::string(secret);
  const std::string out = to_base64(as_bytes(std::string_view(padded).substr(0, whole)));
  return out.size() > kSkip[before] ? out.substr(kSkip[before]) : std::string();
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

Secrets::Secrets(const std::vector<std::string>& environment) {
  constexpr std::size_t kLeast = 6;  // shorter pieces of base64 stand in any text by chance
  for (const host::Secret& each : host::secrets_in(environment)) {
    const std::string name = each.shown.substr(0, each.shown.size() - 1);  // without its brace
    all_.push_back(each);
    if (std::string text = percent_encoded(each.text); text != each.text) {
      all_.push_back({std::move(text), name + ":url}"});
    }
    for (std::size_t before = 0; before < 3; ++before) {
      std::string text = base64_core(each.text, before);
      if (text.size() >= kLeast) {
        all_.push_back({std::move(text), fmt::format("{}:base64+{}}}", name, before)});
      }
    }
  }
  std::ranges::stable_sort(all_, std::greater<>(),
                           [](const host::Secret& each) { return each.text.size(); });
}

std::string Secrets::mask(std::string_view text) const {
  std::string out(text);
  for (const host::Secret& each : all_) replace_all(out, each.text, each.shown);
  return out;
}

std::string Secrets::reveal(std::string_view text) const {
  std::string out(text);
  for (const host::Secret& each : all_) replace_all(out, each.shown, each.text);
  return out;
}

}  // namespace ferry::verify
