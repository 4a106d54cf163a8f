#include <exception>
#include <utility>

#include <boost/json.hpp>

#include "compare/report.h"

namespace ferry::compare {
namespace {

namespace json = boost::json;

constexpr int kVersion = 1;

json::object spread_json(const Spread& spread) {
  json::array values;
  for (const double value : spread.values) values.emplace_back(value);
  return {{"median", spread.median},
          {"min", spread.min},
          {"max", spread.max},
          {"values", std::move(values)}};
}

Spread read_spread(const json::value& from) {
  Spread spread;
  spread.median = from.at("median").to_number<double>();
  spread.min = from.at("min").to_number<double>();
  spread.max = from.at("max").to_number<double>();
  for (const json::value& value : from.at("values").as_array()) {
    spread.values.push_back(value.to_number<double>());
  }
  return spread;
}

std::string text(const json::value& from, const char* key) {
  return json::value_to<std::string>(from.at(key));
}

template <typename T>
T number(const json::value& from, const char* key) {
  return from.at(key).to_number<T>();
}

json::object engine_json(const EngineReport& engine) {
  json::array rewritten;
  for (const std::string& feature : engine.rewritten) rewritten.emplace_back(feature);
  json::object values;
  for (const auto& [id, spread] : engine.metrics) values[id] = spread_json(spread);
  return {{"engine", engine.engine},
          {"version", engine.version},
          {"plugin_bytes", engine.plugin_bytes},
          {"rewritten", std::move(rewritten)},
          {"error", engine.error},
          {"reply_digest", engine.reply_digest},
          {"metrics", std::move(values)}};
}

EngineReport read_engine(const json::value& from) {
  EngineReport engine;
  engine.engine = text(from, "engine");
  engine.version = text(from, "version");
  engine.plugin_bytes = number<std::uint64_t>(from, "plugin_bytes");
  engine.rewritten = json::value_to<std::vector<std::string>>(from.at("rewritten"));
  engine.error = text(from, "error");
  engine.reply_digest = text(from, "reply_digest");
  for (const auto& [id, spread] : from.at("metrics").as_object()) {
    engine.metrics[std::string(id)] = read_spread(spread);
  }
  return engine;
}

json::object machine_json(const Machine& machine) {
  return {{"cpu", machine.cpu},
          {"cores", machine.cores},
          {"memory_bytes", machine.memory_bytes},
          {"kernel", machine.kernel},
          {"system", machine.system},
          {"load_before", machine.load_before},
          {"load_after", machine.load_after}};
}

Machine read_machine(const json::value& from) {
  Machine machine;
  machine.cpu = text(from, "cpu");
  machine.cores = number<unsigned>(from, "cores");
  machine.memory_bytes = number<std::uint64_t>(from, "memory_bytes");
  machine.kernel = text(from, "kernel");
  machine.system = text(from, "system");
  machine.load_before = number<double>(from, "load_before");
  machine.load_after = number<double>(from, "load_after");
  return machine;
}

Report read_report(const json::value& from) {
  Report report;
  report.ferry = text(from, "ferry");
  report.time = text(from, "time");
  report.command = text(from, "command");
  report.machine = read_machine(from.at("machine"));
  report.processes = number<unsigned>(from, "processes");
  report.threads = number<unsigned>(from, "threads");
  report.budget_ms = number<unsigned>(from, "budget_ms");
  report.control_us = read_spread(from.at("control_us"));
  report.control_waiting = read_spread(from.at("control_waiting"));
  for (const json::value& each : from.at("functions").as_array()) {
    FunctionReport function;
    function.name = text(each, "name");
    function.digest = text(each, "digest");
    function.size_bytes = number<std::uint64_t>(each, "size_bytes");
    function.data = text(each, "data");
    function.difference = text(each, "difference");
    for (const json::value& engine : each.at("engines").as_array()) {
      function.engines.push_back(read_engine(engine));
    }
    report.functions.push_back(std::move(function));
  }
  return report;
}

}  // namespace

std::string to_json(const Report& report) {
  json::array functions;
  for (const FunctionReport& function : report.functions) {
    json::array engines;
    for (const EngineReport& engine : function.engines) engines.push_back(engine_json(engine));
    functions.push_back(json::object{{"name", function.name},
                                     {"digest", function.digest},
                                     {"size_bytes", function.size_bytes},
                                     {"data", function.data},
                                     {"difference", function.difference},
                                     {"engines", std::move(engines)}});
  }
  return json::serialize(json::object{{"compare", kVersion},
                                      {"ferry", report.ferry},
                                      {"time", report.time},
                                      {"command", report.command},
                                      {"machine", machine_json(report.machine)},
                                      {"processes", report.processes},
                                      {"threads", report.threads},
                                      {"budget_ms", report.budget_ms},
                                      {"control_us", spread_json(report.control_us)},
                                      {"control_waiting", spread_json(report.control_waiting)},
                                      {"functions", std::move(functions)}});
}

Result<Report> report_from_json(std::string_view source) {
  boost::system::error_code failed;
  const json::value whole = json::parse(json::string_view(source.data(), source.size()), failed);
  if (failed) return Error{Code::kInvalid, "no JSON: " + failed.message(), ""};
  try {
    if (const auto version = number<int>(whole, "compare"); version != kVersion) {
      return Error{Code::kUnsupported,
                   "a comparison of version " + std::to_string(version) +
                       ", and this ferry reads " + std::to_string(kVersion),
                   ""};
    }
    return read_report(whole);
  } catch (const std::exception& error) {
    return Error{Code::kInvalid, std::string("no comparison of ferry's: ") + error.what(),
                 "make one with 'ferry compare --output json'"};
  }
}

}  // namespace ferry::compare
