#include "compare/sample.h"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/child.h"
#include "compare/stopwatch.h"

namespace ferry::compare {
namespace {

namespace json = boost::json;

// The control: arithmetic of our own with a chain of dependencies, about 20 ms.
void measure_control(Sample& sample) {
  const Stopwatch watch;
  std::uint64_t x = 0x9e3779b97f4a7c15ull;
  for (int i = 0; i < 10'000'000; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  volatile std::uint64_t kept = x;
  static_cast<void>(kept);
  sample.control_us = watch.cpu_us();
  sample.control_wall_us = watch.wall_us();
}

unsigned number(const char* text) {
  unsigned value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

Result<Sample> measure(const Task& task) {
  if (task.engine == kNative) {
    return measure_native(task);
  }
  return task.kind == "compile" ? measure_compile(task) : measure_run(task);
}

}  // namespace

std::string to_json(const Sample& sample) {
  json::object values;
  for (const auto& [id, value] : sample.values) {
    values[id] = value;
  }
  json::array rewritten;
  for (const std::string& feature : sample.rewritten) {
    rewritten.emplace_back(feature);
  }
  return json::serialize(json::object{{"version", sample.version},
                                      {"rewritten", std::move(rewritten)},
                                      {"reply_digest", sample.reply_digest},
                                      {"values", std::move(values)},
                                      {"control_us", sample.control_us},
                                      {"control_wall_us", sample.control_wall_us}});
}

Result<Sample> sample_from_json(std::string_view text) {
  boost::system::error_code failed;
  const json::value whole = json::parse(json::string_view(text.data(), text.size()), failed);
  Sample sample;
  if (failed) {
    return Error{Code::kInternal, "a measuring process printed no JSON: " + failed.message(), ""};
  }
  try {
    sample.version = json::value_to<std::string>(whole.at("version"));
    sample.reply_digest = json::value_to<std::string>(whole.at("reply_digest"));
    sample.rewritten = json::value_to<std::vector<std::string>>(whole.at("rewritten"));
    for (const auto& [id, value] : whole.at("values").as_object()) {
      sample.values[std::string(id)] = value.to_number<double>();
    }
    sample.control_us = whole.at("control_us").to_number<double>();
    sample.control_wall_us = whole.at("control_wall_us").to_number<double>();
  } catch (const std::exception& error) {
    return Error{Code::kInternal,
                 std::string("a measuring process printed something else: ") + error.what(), ""};
  }
  return sample;
}

int measure_child_main(int argc, char** argv, function::Sections sections) {
  if (argc != 11) {
    fmt::print(stderr, "{} is internal to ferry and not meant to be typed", kMeasureVerb);
    return 2;
  }
  // Whoever started us wants the result: without them there is nothing to do.
  end_with_parent(static_cast<pid_t>(number(argv[10])));
  const Task task{argv[2], argv[3],         argv[4],         argv[5], argv[6],
                  argv[7], number(argv[8]), number(argv[9]), sections};
  auto sample = measure(task);
  if (!sample.ok()) {
    fmt::print(stderr, "{}", sample.error().text());
    return 1;
  }
  measure_control(*sample);
  fmt::print("{}\n", to_json(*sample));
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace ferry::compare
