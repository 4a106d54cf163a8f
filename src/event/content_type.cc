#include "event/content_type.h"

#include <algorithm>
#include <array>

#include "event/event.h"
#include "event/rules.h"

namespace ferry::event {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// RFC 2045's token and RFC 9110's agree except for "{" and "}", which only the former has.
bool is_token_char(char c) {
  static constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";
  return c > 0x20 && c < 0x7F && kSpecials.find(c) == std::string_view::npos;
}

std::string_view take_token(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_token_char(text[size])) ++size;
  std::string_view token = text.substr(0, size);
  text.remove_prefix(size);
  return token;
}

bool take(std::string_view& text, char c) {
  bool there = !text.empty() && text.front() == c;
  text.remove_prefix(there ? 1 : 0);
  return there;
}

void skip_space(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// What is between the quotes, escapes and all; the opening quote is taken already.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      std::string_view inside = text.substr(0, i);
      text.remove_prefix(i + 1);
      return inside;
    }
    if (text[i] == '\\') ++i;
    if (i < text.size() && (text[i] < 0x20 || text[i] == 0x7F)) return std::nullopt;
  }
  return std::nullopt;
}

bool ends_with_word(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && same_word(text.substr(text.size() - suffix.size()), suffix);
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_token_char(c) && c != '{' && c != '}'; });
}

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return a == b || std::equal(a.begin(), a.end(), b.begin(),
                              [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<ContentType> parse_content_type(std::string_view text) {
  if (text.ends_with(' ') || text.ends_with('\t')) return std::nullopt;
  ContentType out;
  out.type = take_token(text);
  bool slash = take(text, '/');
  out.subtype = take_token(text);
  if (out.type.empty() || !slash || out.subtype.empty()) return std::nullopt;
  for (;;) {
    skip_space(text);
    if (text.empty()) return out;
    if (!take(text, ';')) return std::nullopt;
    skip_space(text);
    std::string_view name = take_token(text);
    if (name.empty()) continue;  // an empty parameter
    if (!take(text, '=')) return std::nullopt;
    std::string_view value;
    if (take(text, '"')) {
      auto quoted = take_quoted(text);
      if (!quoted) return std::nullopt;
      value = *quoted;
    } else if (value = take_token(text); value.empty()) {
      return std::nullopt;
    }
    if (same_word(name, "charset")) out.charset = value;
  }
}

std::optional<std::string> with_quotes(std::string_view text) {
  std::string out(text.substr(0, text.find(';')));
  text.remove_prefix(out.size());
  while (take(text, ';')) {
    skip_space(text);
    std::string_view name = take_token(text);
    out.append("; ").append(name);
    if (!take(text, '=')) continue;
    std::string_view rest = text;
    if (take(rest, '"')) {
      if (!take_quoted(rest)) return std::nullopt;
      out.append("=").append(text.substr(0, text.size() - rest.size()));
      text = rest;
      skip_space(text);
      continue;
    }
    std::string_view value = text.substr(0, text.find(';'));
    text.remove_prefix(value.size());
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    if (value.find_first_of("\"\\") != std::string_view::npos) return std::nullopt;
    std::string_view after = value;
    bool token = take_token(after).size() == value.size();
    out.append("=").append(token ? "" : "\"").append(value).append(token ? "" : "\"");
  }
  return text.empty() && parse_content_type(out) ? std::optional(std::move(out)) : std::nullopt;
}

Status check_content_type(std::string_view text) {
  // Most are this one.
  if (text == "application/json" || parse_content_type(text)) return Done{};
  return broken_rule("datacontenttype", "is not a media type of RFC 2046", kOptional);
}

bool is_utf8_charset(std::string_view charset) {
  return charset.empty() || same_word(charset, "utf-8") || same_word(charset, "us-ascii");
}

bool is_json_type(std::string_view content_type) {
  if (content_type == "application/json") return true;
  auto parsed = parse_content_type(content_type);
  return parsed && (same_word(parsed->subtype, "json") || ends_with_word(parsed->subtype, "+json"));
}

bool is_text_type(std::string_view content_type) {
  auto parsed = parse_content_type(content_type);
  if (!parsed) return false;
  if (same_word(parsed->type, "text")) return true;
  static constexpr std::array<std::string_view, 12> kTextual = {
      "json",     "xml",    "javascript", "ecmascript", "x-www-form-urlencoded",
      "yaml",     "x-yaml", "toml",       "graphql",    "sql",
      "x-ndjson", "xml-dtd"};
  static constexpr std::array<std::string_view, 3> kSuffixes = {"+json", "+xml", "+yaml"};
  return (same_word(parsed->type, "application") &&
          std::any_of(kTextual.begin(), kTextual.end(),
                      [&](auto word) { return same_word(parsed->subtype, word); })) ||
         std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](auto suffix) { return ends_with_word(parsed->subtype, suffix); });
}

}  // namespace ferry::event
