// Every sample event of AWS's goes through the table; what comes out is held against a file that a
// person can read, tests/lambda/golden/<sample>. FERRY_UPDATE_GOLDEN=1 rewrites them.
#include <cstdlib>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "event/http.h"
#include "event/json.h"
#include "lambda/samples.h"
#include "platforms/lambda/events.h"
#include "tree.h"

namespace ferry::platforms::lambda {
namespace {

using event::JsonKind;
namespace fs = std::filesystem;

const std::string kGolden = in_sources("tests/lambda/golden");

class FixedClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)); }
  Monotonic monotonic() const override { return {}; }
  void sleep_until(Monotonic) const override {}
};

class NoRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
  }
};

void indent(std::string& out, int depth) {
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

void pretty(std::string& out, JsonView value, int depth) {
  bool object = value.is(JsonKind::kObject);
  if (!object && !value.is(JsonKind::kArray)) {
    out += value.text();
    return;
  }
  out += object ? '{' : '[';
  bool empty = true;
  for (event::JsonWalker walker(value.text(), object ? JsonKind::kObject : JsonKind::kArray);
       walker.next(); empty = false) {
    out += empty ? "" : ",";
    indent(out, depth + 1);
    if (object) {
      out += walker.key();
      out += ": ";
    }
    pretty(out, JsonView(walker.value()), depth + 1);
  }
  if (!empty) {
    indent(out, depth);
  }
  out += object ? '}' : ']';
}

// Where in the input these bytes stand as they are; "" when they don't.
std::string place_of(JsonView in, std::string_view bytes, const std::string& path) {
  if (in.text() == bytes) {
    return path.empty() ? "/" : path;
  }
  std::string found;
  std::size_t index = 0;
  for (JsonView element : in.elements()) {
    found = place_of(element, bytes, path + "/" + std::to_string(index++));
    if (!found.empty()) {
      return found;
    }
  }
  for (const auto& [name, member] : in.members()) {
    found = place_of(member, bytes, fmt::format("{}/{}", path, name));
    if (!found.empty()) {
      return found;
    }
  }
  return {};
}

// The event as JSON; data that are a piece of the input say which, in place of repeating it.
std::string event_text(const event::Event& event, JsonView input) {
  std::string place;
  event::Event shown = event;
  if (shown.data && shown.data->size() > 2 &&
      (shown.data->front() == '{' || shown.data->front() == '[')) {
    place = place_of(input, *shown.data, "");
    if (!place.empty()) {
      shown.data.reset();
    }
  }
  auto text = event::to_json(shown);
  if (!text.ok()) {
    return "\"NOT VALID: " + text.error().message + "\"";
  }
  if (!place.empty()) {
    text->pop_back();
    *text += ",\"data is the input at\":";
    event::append_json_string(*text, place);
    *text += '}';
  }
  return *text;
}

std::string outcome_of(std::string sample) {
  sample.erase(sample.find_last_not_of(" \r\n\t") + 1);
  FixedClock clock;
  NoRandom random;
  Invocation invocation{"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                        "arn:aws:lambda:us-east-2:123456789012:function:orders", clock.wall()};
  auto input = read_input(sample, invocation, {});
  std::string out;
  if (!input.ok()) {
    out = "{\"refused\":";
    event::append_json_string(out, input.error().message);
    return out + "}";
  }
  out = "{\"row\":\"" + std::string(input->row->name) + "\",\"events\":[";
  if (is_http(input->row->reply)) {
    std::string id = input->http.id;
    std::string time = input->http.time;
    std::vector<event::HeaderView> headers;
    HttpInput& http = input->http;
    auto received = event::from_http(std::move(http).request(headers), clock, random);
    if (!received.ok()) {
      return "{\"row\":\"" + std::string(input->row->name) + "\",\"answered 400\":\"" +
             received.error().message + "\"}";
    }
    received->event.id = id;
    received->event.time = time;
    return out + event_text(received->event, JsonView(sample)) + "]}";
  }
  bool first = true;
  for (const Item& item : input->items) {
    out += first ? "" : ",";
    first = false;
    if (!item.event.ok()) {
      out += "{\"refused\":\"" + item.event.error().message + "\"}";
      continue;
    }
    out += event_text(*item.event, JsonView(sample));
    if (!item.name.empty()) {
      out.pop_back();
      out += ",\"named to Lambda\":\"" + item.name + "\"}";
    }
  }
  return out + "]}";
}

TEST(Golden, EverySampleOfAwsLambdaGoBecomesTheEventsThatWereReviewed) {
  const auto& found = test::samples();
  if (found.folder.empty()) {
    GTEST_SKIP() << "aws-lambda-go's sample events: " << found.why_not;
  }
  bool update = std::getenv("FERRY_UPDATE_GOLDEN") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  std::set<std::string> seen;
  for (const auto& entry : fs::directory_iterator(found.folder)) {
    std::string name = entry.path().filename();
    seen.insert(name);
    SCOPED_TRACE(name);
    std::string got;
    std::string text = outcome_of(test::slurp(entry.path()));
    ASSERT_TRUE(event::check_json(text).ok()) << text;
    pretty(got, JsonView(text), 0);
    got += "\n";
    const std::string golden = fmt::format("{}/{}", kGolden, name);
    if (update) {
      ASSERT_TRUE(write_file_atomically(golden, as_bytes(got)).ok());
    }
    EXPECT_EQ(got, test::slurp(golden));
  }
  for (const auto& entry : fs::directory_iterator(kGolden)) {
    EXPECT_TRUE(seen.contains(entry.path().filename())) << entry.path() << " has no sample";
  }
  EXPECT_EQ(seen.size(), 104u);
}

}  // namespace
}  // namespace ferry::platforms::lambda
