#include "verify/case.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/file.h"
#include "capsule/capsule.h"
#include "event/json.h"
#include "event/json_text.h"
#include "host/reply.h"

namespace ferry::verify {
namespace {

namespace fs = std::filesystem;
using platforms::Difference;
using platforms::Observed;

constexpr std::uint64_t kMaxFile = 64u << 20;
constexpr char kJson[] = "application/json";

Result<std::string> read_text(const std::string& path) {
  FERRY_TRY(const Bytes bytes, read_file(path, kMaxFile));
  return std::string(as_text(bytes));
}

// A .json file is an event in the JSON format, or else the data of one.
Result<Case> case_of_json(const std::string& path) {
  FERRY_TRY(std::string text, read_text(path));
  std::string name = fs::path(path).stem().string();
  if (auto event = event::from_json(text); event.ok()) {
    Case out = make_case(std::move(name), std::nullopt, "");
    out.event = *std::move(event);
    return out;
  }
  std::string type = event::check_json(text).ok() ? kJson : host::sniff_content_type(text);
  return make_case(std::move(name), std::move(text), std::move(type));
}

Result<std::vector<Case>> load_capsules(const std::string& path, std::vector<std::string>& notes) {
  FERRY_TRY(const auto capsules, capsule::read_capsules(path, notes));
  std::vector<Case> cases;
  cases.reserve(capsules.size());
  for (const capsule::Capsule& each : capsules) {
    cases.push_back(case_of(each, each.invocation));
  }
  return cases;
}

Result<std::vector<Case>> load_file(const std::string& path, std::vector<std::string>& notes) {
  if (fs::path(path).extension() == ".json") {
    FERRY_TRY(Case one, case_of_json(path));
    return std::vector<Case>{std::move(one)};
  }
  if (fs::path(path).extension() == ".capsules") {
    return load_capsules(path, notes);
  }
  FERRY_TRY(const std::string text, read_text(path));
  const fs::path folder = fs::path(path).parent_path();
  return parse_cases(text, path, [folder](const std::string& name) {
    return read_text((folder / name).string());
  });
}

Result<std::vector<std::string>> files_of(const std::string& path) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) {
    return std::vector<std::string>{path};
  }
  std::vector<std::string> files;
  for (fs::directory_iterator at(path, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string extension = at->path().extension().string();
    if (extension == ".toml" || extension == ".json" || extension == ".capsules") {
      files.push_back(at->path().string());
    }
  }
  if (failed) {
    return Error{Code::kIo, fmt::format("read {}: {}", path, failed.message()), ""};
  }
  std::ranges::sort(files);
  if (files.empty()) {
    return Error{Code::kNotFound,
                 fmt::format("{} has no case: no .toml, .json or .capsules file", path),
                 "'ferry verify FUNCTION --record DIR' writes some to begin with"};
  }
  return files;
}

template <typename T>
std::optional<Difference> differ(const char* field, const std::optional<T>& expected,
                                 const T& got) {
  if (expected && *expected != got) {
    return Difference{field, fmt::format("{}", *expected), fmt::format("{}", got)};
  }
  return std::nullopt;
}

using Pairs = std::map<std::string, std::string, std::less<>>;

std::optional<Difference> pairs_differ(const char* what, const Pairs& expected, const Pairs& got) {
  for (const auto& [name, value] : expected) {
    const auto found = got.find(name);
    const std::string have = found == got.end() ? "(absent)" : found->second;
    if (have != value) {
      return Difference{fmt::format("{} {}", what, name), value, have};
    }
  }
  return std::nullopt;
}

}  // namespace

Case case_of(const capsule::Capsule& capsule, std::string name) {
  Case out;
  out.name = std::move(name);
  out.event = capsule.event;
  out.expected.status = capsule.result.status;
  // With time and randomness of its own, what it says may be different each time.
  const bool repeats = capsule.drew.empty() && capsule.outside.empty() &&
                       capsule.withheld.empty() && capsule.variables.empty();
  if (repeats && capsule.result.status == "ok" && !capsule.result.http &&
      capsule.result.reply_event.empty()) {
    out.expected.content_type = capsule.result.content_type;
    out.expected.body = capsule.result.data;
  }
  // Of one that failed the message has the exit code, which tells a crash from a refusal.
  if (capsule.result.status == "failed" && (capsule.result.exit_code != 0 || repeats)) {
    out.expected.error = capsule.result.message;
  }
  return out;
}

Case make_case(std::string name, std::optional<std::string> data, std::string content_type) {
  Case out;
  out.name = std::move(name);
  out.event.id = "case";
  out.event.source = "/ferry/verify";
  out.event.type = "ferry.case";
  out.event.time = "2026-01-02T03:04:05Z";
  out.event.data = std::move(data);
  if (out.event.data) {
    out.event.datacontenttype = std::move(content_type);
  }
  return out;
}

std::vector<Case> generated_cases() {
  const std::string text = "text/plain; charset=utf-8";
  std::string every_byte;
  for (int i = 0; i < 256; ++i) {
    every_byte += static_cast<char>(i);
  }
  std::vector<Case> cases;
  cases.push_back(make_case("no data", std::nullopt, ""));
  cases.push_back(make_case("JSON object", R"({"name":"Ada","n":1.10,"list":[1,2,3]})", kJson));
  cases.push_back(make_case("JSON array", "[1,{\"two\":[]},\"3\"]", kJson));
  cases.push_back(make_case("JSON number", "-1.50e3", kJson));
  cases.push_back(make_case(
      "unicode", "{\"name\":\"\xC3\x89 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x9A\xA2 \\u0000\"}",
      kJson));
  cases.push_back(make_case("text", "hello,\n\tworld \xE2\x98\x83", text));
  cases.push_back(make_case("broken JSON as text", "{\"name\":", "text/plain"));
  cases.push_back(make_case("every byte", every_byte, "application/octet-stream"));
  cases.push_back(
      make_case("300 kB of JSON", "{\"name\":\"" + std::string(300'000, 'x') + "\"}", kJson));
  Case attributes = make_case("attributes", "{}", kJson);
  attributes.event.subject = "a subject with % and \" and \xE2\x98\x83";
  attributes.event.dataschema = "https://example.com/schema?v=1";
  attributes.event.extensions["traceparent"] =
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  attributes.event.extensions["flag"] = true;
  attributes.event.extensions["count"] = std::int32_t{-5};
  cases.push_back(std::move(attributes));
  return cases;
}

Result<std::vector<Case>> load_cases(const std::string& path, std::vector<std::string>& notes) {
  FERRY_TRY(const auto files, files_of(path));
  std::vector<Case> cases;
  for (const std::string& file : files) {
    FERRY_TRY(auto more, load_file(file, notes));
    std::ranges::move(more, std::back_inserter(cases));
  }
  return cases;
}

Expected expected_of(const Observed& seen) {
  Expected out;
  out.status = seen.status;
  out.http = seen.http;
  const bool ok = seen.status == "ok";
  if (ok) {
    out.content_type = seen.content_type;
    out.body = seen.body;
  } else {
    out.error = seen.error;
  }
  out.log = seen.logs;
  out.attributes = seen.attributes;
  out.headers = seen.headers;
  return out;
}

std::optional<Difference> first_unexpected(const Expected& expected, const Observed& seen) {
  if (auto found = differ("status", expected.status, seen.status)) {
    found->got += seen.error.empty() ? "" : ": " + seen.error;
    return found;
  }
  if (auto found = differ("error", expected.error, seen.error)) {
    return found;
  }
  if (auto found = differ("HTTP status", expected.http, seen.http.value_or(0))) {
    return found;
  }
  if (auto found = differ("content type", expected.content_type, seen.content_type)) {
    return found;
  }
  if (auto found = differ("reply", expected.body, seen.body)) {
    return found;
  }
  if (auto found = pairs_differ("attribute", expected.attributes, seen.attributes)) {
    return found;
  }
  if (auto found = pairs_differ("header", expected.headers, seen.headers)) {
    return found;
  }
  if (expected.log && seen.logs && *expected.log != *seen.logs) {
    return Difference{"log", fmt::format("{}", fmt::join(*expected.log, "\n")),
                      fmt::format("{}", fmt::join(*seen.logs, "\n"))};
  }
  return std::nullopt;
}

}  // namespace ferry::verify
