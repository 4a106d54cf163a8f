#include "function/manifest.h"

#include <algorithm>

#include <fmt/format.h>

#include "function/suggest.h"
#include "function/toml_reader.h"

namespace ferry::function {
namespace {

// Bounds of what a manifest may say. A day is longer than any platform lets a function run; a
// 32-bit memory ends at 4 GiB; bodies pass through our own memory.
constexpr std::chrono::milliseconds kMaxTimeout = std::chrono::hours(24);
constexpr std::uint64_t kMinMemory = 64u << 10;
constexpr std::uint64_t kMaxMemory = 4ull << 30;
constexpr std::uint64_t kMaxBody = 1ull << 30;
constexpr std::int64_t kMaxConcurrency = 100'000;
constexpr std::int64_t kMaxOpenFiles = 65'536;
constexpr std::int64_t kMaxConnections = 1024;
constexpr std::uint64_t kMaxNetworkBytes = 1ull << 40;
constexpr std::size_t kMaxGrants = 256;
constexpr std::size_t kMaxNameLength = 63;
constexpr std::size_t kMaxHeaders = 100;
constexpr std::size_t kMaxWarm = 100;
constexpr std::size_t kMaxArgs = 1024;
constexpr std::size_t kMaxFileGrants = 1024;
constexpr std::size_t kMaxRedactions = 256;

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && name.front() != '.' &&
         name.front() != '-' && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

// A field that takes one of a few words.
template <typename T, std::size_t N>
Status read_word(const toml::node& node, const std::pair<std::string_view, T> (&words)[N], T& out) {
  FERRY_TRY(std::string text, toml_string(node));
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) {
    if (word == text) {
      out = value;
      return Done{};
    }
    known.push_back(word);
  }
  return Error{Code::kInvalid, fmt::format("'{}' is not one of {}", text, fmt::join(known, ", ")),
               fmt::format("did you mean '{}'?", nearest(text, known))};
}

constexpr std::pair<std::string_view, InputForm> kInputForms[] = {
    {"data", InputForm::kData}, {"cloudevent", InputForm::kCloudEvent}};
constexpr std::pair<std::string_view, ReplyForm> kReplyForms[] = {
    {"data", ReplyForm::kData}, {"cloudevent", ReplyForm::kCloudEvent}, {"cgi", ReplyForm::kCgi}};

// A list of strings, each handed to `add`.
Status read_list(const toml::node& node, std::string_view example,
                 const std::function<Status(const std::string&)>& add) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    return Error{Code::kInvalid, "wants a list of strings", fmt::format("as in {}", example)};
  }
  for (const toml::node& element : *list) {
    FERRY_TRY(std::string text, toml_string(element));
    FERRY_CHECK_OK(add(text));
  }
  return Done{};
}

Status add_header(std::string name, std::vector<std::string>& out) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
  bool has_letter = false;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!alphanumeric && kMarks.find(c) == std::string_view::npos) {
      return Error{Code::kInvalid, fmt::format("'{}' is not a valid header name", name), ""};
    }
    has_letter |= alphanumeric;
  }
  if (!has_letter) {
    return Error{Code::kInvalid, fmt::format("'{}' has no letter and no digit", name),
                 "an attribute of the event is named by them"};
  }
  if (out.size() == kMaxHeaders) {
    return Error{Code::kInvalid, fmt::format("names more than {} headers", kMaxHeaders), ""};
  }
  out.push_back(std::move(name));
  return Done{};
}

Status read_function(const toml::table& table, TomlPlace place, Manifest& out) {
  place.table = "function";
  const TomlField fields[] = {
      {"name",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(out.name, toml_string(node));
         if (!is_plain_name(out.name)) {
           return Error{Code::kInvalid, fmt::format("'{}' is not a valid name", out.name),
                        "letters, digits, '-', '_' and '.', at most 63, a letter, digit or '_' "
                        "first"};
         }
         return Done{};
       }},
      {"wasm",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(out.wasm, toml_string(node));
         if (out.wasm.empty()) {
           return Error{Code::kInvalid, "is empty", "name the .wasm file, or leave the key out"};
         }
         return Done{};
       }},
      {"input", [&](const toml::node& node) { return read_word(node, kInputForms, out.input); }},
      {"reply", [&](const toml::node& node) { return read_word(node, kReplyForms, out.reply); }},
      {"headers",
       [&](const toml::node& node) {
         return read_list(node, "headers = [\"authorization\"]",
                          [&](const std::string& name) { return add_header(name, out.headers); });
       }},
      {"warm",
       [&](const toml::node& node) {
         return read_list(node, "warm = [\"event.json\"]", [&](const std::string& file) -> Status {
           if (file.empty() || out.warm.size() == kMaxWarm) {
             return Error{Code::kInvalid,
                          file.empty() ? "holds an empty name"
                                       : fmt::format("names more than {} files", kMaxWarm),
                          "name files with an event's data each"};
           }
           out.warm.push_back(file);
           return Done{};
         });
       }},
      {"args",
       [&](const toml::node& node) {
         return read_list(node, "args = [\"--strict\"]", [&](const std::string& arg) -> Status {
           if (arg.find('\0') != std::string::npos || out.args.size() == kMaxArgs) {
             return Error{Code::kInvalid,
                          out.args.size() == kMaxArgs
                              ? fmt::format("has more than {} entries", kMaxArgs)
                              : "holds a NUL",
                          ""};
           }
           out.args.push_back(arg);
           return Done{};
         });
       }},
      {"files",
       [&](const toml::node& node) {
         return read_list(node, "files = [\"templates::/templates\"]",
                          [&](const std::string& text) -> Status {
                            if (out.files.size() == kMaxFileGrants) {
                              return Error{Code::kInvalid,
                                           fmt::format("has more than {} entries", kMaxFileGrants),
                                           "name the folder that they are in"};
                            }
                            FERRY_TRY(FileGrant grant, parse_file_grant(text));
                            out.files.push_back(std::move(grant));
                            return Done{};
                          });
       }},
  };
  return read_toml_table(table, place, fields);
}

TomlField size_field(std::string_view key, std::uint64_t& out, std::uint64_t least,
                     std::uint64_t most) {
  return {key, [&out, least, most](const toml::node& node) -> Status {
            FERRY_TRY(out, toml_size(node, least, most));
            return Done{};
          }};
}

TomlField count_field(std::string_view key, std::uint32_t& out, std::int64_t most) {
  return {key, [&out, most](const toml::node& node) -> Status {
            FERRY_TRY(std::int64_t value, toml_integer(node, 1, most));
            out = static_cast<std::uint32_t>(value);
            return Done{};
          }};
}

Status read_timeout(const toml::node& node, std::chrono::milliseconds& out) {
  const auto* text = node.as_string();
  if (text == nullptr) {
    return Error{Code::kInvalid, "wants a duration with its unit",
                 "write a string: \"500ms\", \"2s\", \"1m\""};
  }
  FERRY_TRY(out, parse_duration(text->get()));
  if (out < std::chrono::milliseconds(1) || out > kMaxTimeout) {
    return Error{Code::kInvalid, fmt::format("{} is not between 1ms and 24h", text->get()), ""};
  }
  return Done{};
}

Status read_limits(const toml::table& table, TomlPlace place, Limits& out) {
  place.table = "limits";
  const TomlField fields[] = {
      {"timeout", [&](const toml::node& node) { return read_timeout(node, out.timeout); }},
      {"connect_timeout",
       [&](const toml::node& node) { return read_timeout(node, out.connect_timeout); }},
      size_field("memory", out.memory, kMinMemory, kMaxMemory),
      size_field("input", out.input, 1, kMaxBody),
      size_field("output", out.output, 1, kMaxBody),
      size_field("log", out.log, 1, kMaxBody),
      {"instructions",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(std::int64_t value, toml_integer(node, 1, INT64_MAX));
         out.instructions = static_cast<std::uint64_t>(value);
         return Done{};
       }},
      count_field("concurrency", out.concurrency, kMaxConcurrency),
      count_field("open_files", out.open_files, kMaxOpenFiles),
      count_field("connections", out.connections, kMaxConnections),
      size_field("network_bytes", out.network_bytes, 1, kMaxNetworkBytes),
  };
  return read_toml_table(table, place, fields);
}

bool is_variable(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos;
}

Status read_env(const toml::node& node, TomlPlace place, Grants& out) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    return Error{Code::kInvalid, "wants a table", "as in env = { LEVEL = \"info\" }"};
  }
  for (const auto& [key, value] : *table) {
    const std::string where =
        fmt::format("{}:{}: env.{}", place.path, key.source().begin.line, key.str());
    if (!is_variable(key.str())) {
      return Error{Code::kInvalid, where + ": no name for a variable",
                   "it must not be empty or contain '='"};
    }
    auto text = toml_string(value);
    if (!text.ok()) {
      return with_context(std::move(text).error(), where);
    }
    out.env.emplace(key.str(), *std::move(text));
  }
  return Done{};
}

// A list of grants in their own grammar; each is kept as it was written, once it reads.
template <typename Parse>
TomlField grant_field(std::string_view key, std::string_view example, Parse parse,
                      std::vector<std::string>& out) {
  return {key, [example, parse, &out](const toml::node& node) {
            return read_list(node, example, [&](const std::string& text) -> Status {
              if (out.size() == kMaxGrants) {
                return Error{
                    Code::kInvalid, fmt::format("has more than {} entries", kMaxGrants),
                    "a suffix (*.example.com:443) or a network (10.0.0.0/8:443) names many"};
              }
              if (auto grant = parse(text); !grant.ok()) {
                return std::move(grant).error();
              }
              out.push_back(text);
              return Done{};
            });
          }};
}

Status read_grants(const toml::table& table, TomlPlace place, Grants& out) {
  place.table = "grant";
  const TomlField fields[] = {
      {"env", [&](const toml::node& node) { return read_env(node, place, out); }},
      {"env_from",
       [&](const toml::node& node) {
         return read_list(node, "env_from = [\"DATABASE_URL\"]",
                          [&](const std::string& name) -> Status {
                            if (!is_variable(name)) {
                              return Error{Code::kInvalid,
                                           fmt::format("'{}' does not name a variable", name), ""};
                            }
                            out.env_from.push_back(name);
                            return Done{};
                          });
       }},
      {"dirs",
       [&](const toml::node& node) {
         return read_list(node, "dirs = [\"./data::/data:ro\"]",
                          [&](const std::string& text) -> Status {
                            FERRY_TRY(DirGrant grant, parse_dir_grant(text));
                            out.dirs.push_back(std::move(grant));
                            return Done{};
                          });
       }},
      grant_field("connect", "connect = [\"db.internal:5432\"]", net::parse_grant, out.connect),
      grant_field("http", "http = [\"api.example.com\"]", net::parse_http_grant, out.http),
      {"ca",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(out.ca, toml_string(node));
         return Done{};
       }},
  };
  return read_toml_table(table, place, fields);
}

Status read_record(const toml::table& table, TomlPlace place, Manifest& out) {
  place.table = "record";
  const TomlField fields[] = {
      {"redact", [&](const toml::node& node) {
         return read_list(node, "redact = [\"$.card.number\", \"header:authorization\"]",
                          [&](const std::string& text) -> Status {
                            if (out.redact.size() == kMaxRedactions) {
                              return Error{Code::kInvalid,
                                           fmt::format("has more than {} entries", kMaxRedactions),
                                           "[*] and ..NAME name many"};
                            }
                            FERRY_TRY(Redaction redaction, parse_redaction(text));
                            out.redact.push_back(std::move(redaction));
                            return Done{};
                          });
       }}};
  return read_toml_table(table, place, fields);
}

Status read_build(const toml::table& table, TomlPlace place, Manifest& out) {
  place.table = "build";
  const TomlField fields[] = {{"command", [&](const toml::node& node) -> Status {
                                 FERRY_TRY(out.build_command, toml_string(node));
                                 return Done{};
                               }}};
  return read_toml_table(table, place, fields);
}

// A field that is a table of its own.
template <typename Read>
TomlField section_field(std::string_view key, Read read) {
  return {key, [key, read](const toml::node& node) -> Status {
            const auto* table = node.as_table();
            if (table == nullptr) {
              return Error{Code::kInvalid, "wants a table of its own",
                           fmt::format("begin it with [{}]", key)};
            }
            return read(*table);
          }};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view toml, std::string_view path, Sections sections) {
  if (toml.size() > kMaxManifestBytes) {
    return Error{Code::kLimit,
                 fmt::format("{} has {}, a manifest at most {}", path, format_size(toml.size()),
                             format_size(kMaxManifestBytes)),
                 ""};
  }
  toml::parse_result parsed = toml::parse(toml, path);
  if (parsed.failed()) {
    const auto& error = parsed.error();
    return Error{Code::kInvalid,
                 fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()),
                 ""};
  }
  Manifest manifest;
  const TomlPlace place{path, ""};
  std::vector<TomlField> fields = {
      section_field(
          "function",
          [&](const toml::table& table) { return read_function(table, place, manifest); }),
      section_field(
          "limits",
          [&](const toml::table& table) { return read_limits(table, place, manifest.limits); }),
      section_field(
          "grant",
          [&](const toml::table& table) { return read_grants(table, place, manifest.grants); }),
      section_field("http",
                    [&](const toml::table& table) {
                      return read_http({table, {path, "http"}}, manifest.http);
                    }),
      section_field("record",
                    [&](const toml::table& table) { return read_record(table, place, manifest); }),
      section_field("build",
                    [&](const toml::table& table) { return read_build(table, place, manifest); }),
  };
  for (const Section* section : sections) {
    fields.push_back(section_field(section->name, [&, section](const toml::table& table) -> Status {
      FERRY_TRY(manifest.sections[std::string(section->name)],
                section->read({table, {path, section->name}}));
      return Done{};
    }));
  }
  FERRY_CHECK_OK(read_toml_table(parsed.table(), place, fields));
  return manifest;
}

}  // namespace ferry::function
