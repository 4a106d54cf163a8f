#include <exception>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/excerpt.h"
#include "verify/report.h"

namespace ferry::verify {
namespace {

namespace json = boost::json;
using platforms::Difference;
using platforms::Observed;

constexpr int kVersion = 1;

// Text that may be no UTF-8: {"base64": …} then.
json::value bytes_json(const std::string& bytes) {
  if (is_utf8(bytes)) {
    return json::value(bytes);
  }
  return json::object{{"base64", to_base64(as_bytes(bytes))}};
}

std::string read_bytes(const json::value& from) {
  if (from.is_string()) {
    return json::value_to<std::string>(from);
  }
  auto bytes = from_base64(json::value_to<std::string>(from.at("base64")));
  return bytes.ok() ? *std::move(bytes) : std::string();
}

json::value difference_json(const std::optional<Difference>& difference) {
  if (!difference) {
    return nullptr;
  }
  return json::object{{"field", difference->field},
                      {"expected", bytes_json(difference->expected)},
                      {"got", bytes_json(difference->got)}};
}

std::optional<Difference> read_difference(const json::value& from) {
  if (from.is_null()) {
    return std::nullopt;
  }
  return Difference{json::value_to<std::string>(from.at("field")), read_bytes(from.at("expected")),
                    read_bytes(from.at("got"))};
}

json::array lines_json(const std::vector<std::string>& lines) {
  json::array out;
  for (const std::string& line : lines) {
    out.push_back(bytes_json(line));
  }
  return out;
}

std::vector<std::string> read_lines(const json::value& from) {
  std::vector<std::string> out;
  for (const json::value& line : from.as_array()) {
    out.push_back(read_bytes(line));
  }
  return out;
}

using Pairs = std::map<std::string, std::string, std::less<>>;

json::object pairs_json(const Pairs& pairs) {
  json::object out;
  for (const auto& [name, value] : pairs) {
    out[name] = bytes_json(value);
  }
  return out;
}

Pairs read_pairs(const json::value& from) {
  Pairs out;
  for (const auto& [name, value] : from.as_object()) {
    out[std::string(name)] = read_bytes(value);
  }
  return out;
}

json::object seen_json(const Observed& seen) {
  return {{"status", seen.status},
          {"http", seen.http ? json::value(*seen.http) : json::value(nullptr)},
          {"content_type", bytes_json(seen.content_type)},
          {"body", bytes_json(seen.body)},
          {"error", bytes_json(seen.error)},
          {"attributes", pairs_json(seen.attributes)},
          {"headers", pairs_json(seen.headers)},
          {"logs", seen.logs ? json::value(lines_json(*seen.logs)) : json::value(nullptr)},
          {"notes", lines_json(seen.notes)}};
}

Observed read_seen(const json::value& from) {
  Observed seen;
  seen.status = json::value_to<std::string>(from.at("status"));
  if (!from.at("http").is_null()) {
    seen.http = from.at("http").to_number<int>();
  }
  seen.content_type = read_bytes(from.at("content_type"));
  seen.body = read_bytes(from.at("body"));
  seen.error = read_bytes(from.at("error"));
  seen.attributes = read_pairs(from.at("attributes"));
  seen.headers = read_pairs(from.at("headers"));
  if (!from.at("logs").is_null()) {
    seen.logs = read_lines(from.at("logs"));
  }
  seen.notes = read_lines(from.at("notes"));
  return seen;
}

json::object case_json(const CaseResult& one) {
  json::array sides;
  for (const SideResult& side : one.sides) {
    sides.push_back(json::object{{"state", static_cast<int>(side.state)},
                                 {"difference", difference_json(side.difference)},
                                 {"why", bytes_json(side.why)}});
  }
  return {{"name", one.name},
          {"seen", seen_json(one.seen)},
          {"steady", one.steady},
          {"unexpected", difference_json(one.unexpected)},
          {"sides", std::move(sides)}};
}

CaseResult read_case(const json::value& from) {
  CaseResult one;
  one.name = json::value_to<std::string>(from.at("name"));
  one.seen = read_seen(from.at("seen"));
  one.steady = from.at("steady").as_bool();
  one.unexpected = read_difference(from.at("unexpected"));
  for (const json::value& side : from.at("sides").as_array()) {
    one.sides.push_back({static_cast<State>(side.at("state").to_number<int>()),
                         read_difference(side.at("difference")), read_bytes(side.at("why"))});
  }
  return one;
}

// What the report says of an outcome: a large body by its size and digest.
json::object observed_json(const Observed& seen) {
  constexpr std::size_t kMost = 4096;
  json::object out = seen_json(seen);
  if (seen.body.size() > kMost) {
    out["body"] =
        json::object{{"bytes", seen.body.size()}, {"digest", digest_of(as_bytes(seen.body))}};
  }
  return out;
}

json::object told_difference(const Difference& difference) {
  return {{"field", difference.field},
          {"expected", excerpt(difference.expected, difference.got)},
          {"got", excerpt(difference.got, difference.expected)}};
}

json::object engine_report(const Report& report, const EngineResult& engine) {
  json::array cases;
  for (std::size_t i = 0; i < engine.cases.size(); ++i) {
    const CaseResult& one = engine.cases[i];
    json::object platforms;
    for (std::size_t side = 0; side < one.sides.size(); ++side) {
      const SideResult& result = one.sides[side];
      json::object entry{{"state", state_name(result.state)}};
      if (result.difference) {
        entry["difference"] = told_difference(*result.difference);
      }
      if (!result.why.empty()) {
        entry["why"] = bytes_json(result.why);
      }
      platforms[report.sides[side]] = std::move(entry);
    }
    json::object entry{{"case", one.name},
                       {"outcome", observed_json(one.seen)},
                       {"steady", one.steady},
                       {"platforms", std::move(platforms)}};
    if (one.unexpected) {
      entry["unexpected"] = told_difference(*one.unexpected);
    }
    if (i < engine.across.size() && engine.across[i]) {
      entry["other_than_first_engine"] = told_difference(*engine.across[i]);
    }
    cases.push_back(std::move(entry));
  }
  return {{"engine", engine.engine},
          {"version", engine.version},
          {"error", engine.error},
          {"skipped", engine.skipped},
          {"cases", std::move(cases)}};
}

}  // namespace

std::string to_json(const Report& report) {
  json::array engines;
  for (const EngineResult& engine : report.engines) {
    engines.push_back(engine_report(report, engine));
  }
  json::array sides;
  for (const std::string& side : report.sides) {
    sides.emplace_back(side);
  }
  return json::serialize(json::object{{"verify", kVersion},
                                      {"digest", report.digest},
                                      {"function", report.function},
                                      {"time", report.time},
                                      {"platforms", std::move(sides)},
                                      {"differences", faults_of(report).size()},
                                      {"engines", std::move(engines)}});
}

std::string engine_to_json(const EngineResult& result) {
  json::array cases;
  for (const CaseResult& one : result.cases) {
    cases.push_back(case_json(one));
  }
  return json::serialize(json::object{{"verify", kVersion},
                                      {"engine", result.engine},
                                      {"version", result.version},
                                      {"exact_traps", result.exact_traps},
                                      {"error", bytes_json(result.error)},
                                      {"skipped", result.skipped},
                                      {"cases", std::move(cases)}});
}

Result<EngineResult> engine_from_json(std::string_view text) {
  boost::system::error_code failed;
  const json::value whole = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed) {
    return Error{Code::kInternal, "a verifying process left no JSON: " + failed.message(), ""};
  }
  try {
    EngineResult result;
    result.engine = json::value_to<std::string>(whole.at("engine"));
    result.version = json::value_to<std::string>(whole.at("version"));
    result.exact_traps = whole.at("exact_traps").as_bool();
    result.error = read_bytes(whole.at("error"));
    result.skipped = whole.at("skipped").as_bool();
    for (const json::value& one : whole.at("cases").as_array()) {
      result.cases.push_back(read_case(one));
    }
    return result;
  } catch (const std::exception& error) {
    return Error{Code::kInternal, std::string("a verifying process left: ") + error.what(), ""};
  }
}

}  // namespace ferry::verify
