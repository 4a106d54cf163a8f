#include "function/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "function/suggest.h"
#include "function/toml_reader.h"

namespace ferry::function {
namespace {

using ::testing::HasSubstr;

TEST(Manifest, HasADefaultForEverything) {
  auto manifest = parse_manifest("", "ferry.toml");
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->limits.timeout, std::chrono::seconds(10));
  EXPECT_EQ(manifest->limits.memory, 128u << 20);
  EXPECT_EQ(manifest->input, InputForm::kData);
  EXPECT_EQ(manifest->reply, ReplyForm::kData);
}

TEST(Manifest, ReadsEveryKey) {
  auto manifest = parse_manifest(R"(
[function]
name = "orders"
wasm = "build/orders.wasm"
input = "cloudevent"
reply = "cgi"
headers = ["Authorization", "x-api-key"]
[limits]
timeout = "1500ms"
memory = "64MiB"
input = 1024
output = "2 KiB"
log = "1kB"
instructions = 5000000000
concurrency = 8
open_files = 16
[grant]
env = { LEVEL = "info", EMPTY = "" }
dirs = ["./data::/data:ro", "/srv::/srv/x"]
http = ["api.example.com", "localhost:8080"]
[build]
command = "make"
)",
                                 "ferry.toml");
  ASSERT_TRUE(manifest.ok()) << manifest.error().text();
  EXPECT_EQ(manifest->name, "orders");
  EXPECT_EQ(manifest->wasm, "build/orders.wasm");
  EXPECT_EQ(manifest->input, InputForm::kCloudEvent);
  EXPECT_EQ(manifest->reply, ReplyForm::kCgi);
  EXPECT_THAT(manifest->headers, ::testing::ElementsAre("authorization", "x-api-key"));
  EXPECT_EQ(manifest->limits.timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(manifest->limits.memory, 64u << 20);
  EXPECT_EQ(manifest->limits.input, 1024u);
  EXPECT_EQ(manifest->limits.output, 2048u);
  EXPECT_EQ(manifest->limits.log, 1000u);
  EXPECT_EQ(manifest->limits.instructions, 5'000'000'000u);
  EXPECT_EQ(manifest->limits.concurrency, 8u);
  EXPECT_EQ(manifest->limits.open_files, 16u);
  EXPECT_EQ(manifest->grants.env.at("LEVEL"), "info");
  EXPECT_EQ(manifest->grants.env.at("EMPTY"), "");
  ASSERT_EQ(manifest->grants.dirs.size(), 2u);
  EXPECT_EQ(manifest->grants.dirs[0].guest, "/data");
  EXPECT_TRUE(manifest->grants.dirs[0].read_only);
  EXPECT_FALSE(manifest->grants.dirs[1].read_only);
  EXPECT_EQ(manifest->grants.http.size(), 2u);
  EXPECT_EQ(manifest->build_command, "make");
}

TEST(Manifest, NamesUnknownKeyLineAndNearestKey) {
  auto manifest = parse_manifest("[limits]\n\ntimout = \"3s\"\n", "orders.toml");
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().code, Code::kInvalid);
  EXPECT_EQ(manifest.error().message, "orders.toml:3: unknown key 'timout' in [limits]");
  EXPECT_THAT(manifest.error().hint, HasSubstr("did you mean 'timeout'?"));

  manifest = parse_manifest("[limit]\n", "orders.toml");
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().message, "orders.toml:1: unknown key 'limit'");
  EXPECT_THAT(manifest.error().hint, HasSubstr("'limits'"));
}

struct Wrong {
  const char* toml;
  const char* message;
};

class WrongManifest : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongManifest, IsRefusedWithItsLine) {
  auto manifest = parse_manifest(GetParam().toml, "f.toml");
  ASSERT_FALSE(manifest.ok());
  EXPECT_THAT(manifest.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongManifest,
    ::testing::Values(
        Wrong{"[limits]\nmemory = true", "f.toml:2: memory: wants a size"},
        Wrong{"[limits]\nmemory = 0", "f.toml:2: memory: 0 is not between 64 KiB and 4 GiB"},
        Wrong{"[limits]\nmemory = -1", "f.toml:2: memory: -1 is not between"},
        Wrong{"[limits]\nmemory = \"5GiB\"", "f.toml:2: memory: 5GiB is not between"},
        Wrong{"[limits]\nmemory = \"99999999999999999999GiB\"", "f.toml:2: memory: '"},
        Wrong{"[limits]\nmemory = \"1e9\"", "f.toml:2: memory: '1e9' is not a size"},
        Wrong{"[limits]\ninput = \"lots\"", "f.toml:2: input: 'lots' is not a size"},
        Wrong{"[limits]\noutput = 0", "f.toml:2: output: 0 is not between 1 B and 1 GiB"},
        Wrong{"[limits]\nlog = 9223372036854775807", "f.toml:2: log: 9223372036854775807 is not"},
        Wrong{"[limits]\ntimeout = 3", "f.toml:2: timeout: wants a duration with its unit"},
        Wrong{"[limits]\ntimeout = \"0s\"", "f.toml:2: timeout: 0s is not between 1ms and 24h"},
        Wrong{"[limits]\ntimeout = \"25h\"", "f.toml:2: timeout: 25h is not between"},
        Wrong{"[limits]\ntimeout = \"-1s\"", "f.toml:2: timeout: '-1s' is not a duration"},
        Wrong{"[limits]\nconcurrency = 0", "f.toml:2: concurrency: 0 is not between 1 and 100000"},
        Wrong{"[limits]\nconcurrency = 1.5", "wants a whole number, not a number with a fraction"},
        Wrong{"[limits]\nopen_files = 1000000", "f.toml:2: open_files: 1000000 is not between"},
        Wrong{"[limits]\ninstructions = -5", "f.toml:2: instructions: -5 is not between"},
        Wrong{"limits = 3", "f.toml:1: limits: wants a table of its own"},
        Wrong{"[function]\nname = 3", "f.toml:2: name: wants a string, not a whole number"},
        Wrong{"[function]\nname = \"a/b\"", "f.toml:2: name: 'a/b' is not a valid name"},
        Wrong{"[function]\nname = \"\"", "f.toml:2: name: '' is not a valid name"},
        Wrong{"[function]\nwasm = \"\"", "f.toml:2: wasm: is empty"},
        Wrong{"[function]\nwasm = \"a\\u0000b\"", "f.toml:2: wasm: has a NUL character"},
        Wrong{"[function]\ninput = \"dta\"",
              "f.toml:2: input: 'dta' is not one of data, cloudevent"},
        Wrong{"[function]\nreply = []", "f.toml:2: reply: wants a string, not a list"},
        Wrong{"[function]\nheaders = \"a\"", "f.toml:2: headers: wants a list"},
        Wrong{"[function]\nheaders = [\"a b\"]",
              "f.toml:2: headers: 'a b' is not a valid header name"},
        Wrong{"[function]\nheaders = [\"a\\u00E9\"]", "is not a valid header name"},
        Wrong{"[function]\nheaders = [\"\"]", "f.toml:2: headers: '' has no letter"},
        Wrong{"[function]\nheaders = [\"--\"]", "f.toml:2: headers: '--' has no letter"},
        Wrong{"[grant]\nenv = []", "f.toml:2: env: wants a table"},
        Wrong{"[grant]\nenv = { A = 1 }", "f.toml:2: env.A: wants a string"},
        Wrong{"[grant]\nenv = { \"A=B\" = \"1\" }", "f.toml:2: env.A=B: no name for a variable"},
        Wrong{"[grant]\ndirs = \"./a::/a\"", "f.toml:2: dirs: wants a list"},
        Wrong{"[grant]\ndirs = [1]", "f.toml:2: dirs: wants a string"},
        Wrong{"[grant]\ndirs = [\"./a\"]", "f.toml:2: dirs: './a' grants no folder"},
        Wrong{"[grant]\nhttp = [\"https://a.example\"]", "this is a URL; a grant names the host"},
        Wrong{"[grant]\nconnect = [\"db.internal\"]",
              "f.toml:2: connect: 'db.internal': the port is missing"},
        Wrong{"[grant]\nenv_from = [\"A=B\"]", "f.toml:2: env_from: 'A=B' does not name"},
        Wrong{"[limits]\nconnections = 0", "f.toml:2: connections: 0 is not between"},
        Wrong{"[build]\ncommand = 1", "f.toml:2: command: wants a string"},
        Wrong{"[limits\n", "f.toml:1: "}, Wrong{"[limits]\nmemory = 1\nmemory = 2", "f.toml:3: "},
        Wrong{"\xFF", "f.toml:1: "}));

TEST(Manifest, HasABoundItself) {
  EXPECT_EQ(parse_manifest(std::string(2u << 20, '#'), "f.toml").error().code, Code::kLimit);
}

TEST(Units, ReadDurations) {
  using std::chrono::milliseconds;
  EXPECT_EQ(*parse_duration("2s"), milliseconds(2000));
  EXPECT_EQ(*parse_duration("1500ms"), milliseconds(1500));
  EXPECT_EQ(*parse_duration("1m"), milliseconds(60000));
  EXPECT_EQ(*parse_duration("0.5s"), milliseconds(500));
  for (const char* text : {"", "s", "2", "2x", "-2s", "1e3s", "0.5ms", "..s", "2 s s", "\n2s"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

TEST(Units, ReadSizes) {
  EXPECT_EQ(*parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(*parse_size("6 MiB"), 6u << 20);
  EXPECT_EQ(*parse_size("1048576"), 1u << 20);
  EXPECT_EQ(*parse_size("1GB"), 1'000'000'000u);
  EXPECT_EQ(*parse_size("1.5KiB"), 1536u);
  for (const char* text : {"", "MiB", "-1", "0x10", "1 KiBs", "1.0000001KiB", "nan", "inf",
                           "99999999999999999999999999"}) {
    EXPECT_FALSE(parse_size(text).ok()) << text;
  }
}

TEST(Units, ShowSizes) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(17), "17 B");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(128u << 20), "128 MiB");
  EXPECT_EQ(format_size(4ull << 30), "4 GiB");
}

TEST(Units, ReadGrants) {
  auto grant = parse_dir_grant("./data::/data/in/:ro");
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(grant->host, "./data");
  EXPECT_EQ(grant->guest, "/data/in");
  EXPECT_TRUE(grant->read_only);
  EXPECT_EQ(parse_dir_grant("/::/")->guest, "/");
  for (const char* text : {"", "a", "a:b", "::/a", "a::", "a::b", "a::/b:rw", "a::/b/../c",
                           "a::/./b", "a:://b", "a::/b:"}) {
    EXPECT_FALSE(parse_dir_grant(text).ok()) << text;
  }
}

TEST(Suggest, FindsTheNearest) {
  const std::string_view known[] = {"timeout", "memory", "input", "output"};
  EXPECT_EQ(nearest("tiemout", known), "timeout");
  EXPECT_EQ(nearest("outptu", known), "output");
  EXPECT_EQ(nearest(std::string(5000, 'm'), known), "memory");
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(Manifest, SurvivesBeingWritten) {
  Manifest manifest;
  manifest.name = "orders";
  manifest.input = InputForm::kCloudEvent;
  manifest.reply = ReplyForm::kCgi;
  manifest.headers = {"authorization"};
  manifest.args = {"--strict", "", "a\nb"};
  manifest.redact = {*parse_redaction("$.card['its \"number\"']"), *parse_redaction("header:a")};
  manifest.limits.timeout = std::chrono::milliseconds(1234);
  manifest.limits.memory = 77u << 20;
  manifest.limits.input = 3;
  manifest.limits.output = 4;
  manifest.limits.log = 5;
  manifest.limits.concurrency = 6;
  manifest.limits.open_files = 7;
  manifest.limits.instructions = 8;
  manifest.grants.env = {{"QUOTED \"name\"", "a\nb\\ \x7f \xe2\x98\x83"}};
  manifest.grants.dirs = {{"/host", "/guest", true}};
  manifest.grants.http = {"api.example.com"};
  manifest.grants.connect = {"*.svc:6379", "10.2.0.0/16:5432"};
  manifest.grants.env_from = {"DATABASE_URL"};
  manifest.grants.ca = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
  manifest.limits.connections = 9;
  manifest.limits.network_bytes = 10;
  manifest.limits.connect_timeout = std::chrono::milliseconds(11);
  manifest.http.cors =
      Cors{{"https://a.example"}, {"PUT"}, {"x-a"}, {"x-b"}, true, std::chrono::seconds(5)};
  const std::string text = manifest_to_toml(manifest);
  const auto read = parse_manifest(text, "written");
  ASSERT_TRUE(read.ok()) << read.error().text() << "\n" << text;
  EXPECT_EQ(manifest_to_toml(*read), text);
  EXPECT_EQ(read->name, "orders");
  EXPECT_EQ(read->input, InputForm::kCloudEvent);
  EXPECT_EQ(read->reply, ReplyForm::kCgi);
  EXPECT_EQ(read->headers, manifest.headers);
  EXPECT_EQ(read->args, manifest.args);
  EXPECT_EQ(read->redact, manifest.redact);
  EXPECT_EQ(read->limits.timeout, manifest.limits.timeout);
  EXPECT_EQ(read->limits.memory, manifest.limits.memory);
  EXPECT_EQ(read->limits.instructions, manifest.limits.instructions);
  EXPECT_EQ(read->grants.env, manifest.grants.env);
  EXPECT_TRUE(read->grants.dirs.at(0).read_only);
  EXPECT_EQ(read->grants.http, manifest.grants.http);
  EXPECT_EQ(read->grants.connect, manifest.grants.connect);
  EXPECT_EQ(read->grants.env_from, manifest.grants.env_from);
  EXPECT_EQ(read->grants.ca, manifest.grants.ca);
  EXPECT_EQ(read->limits.connections, 9u);
  EXPECT_EQ(read->limits.network_bytes, 10u);
  EXPECT_EQ(read->limits.connect_timeout, std::chrono::milliseconds(11));
  ASSERT_TRUE(read->http.cors.has_value());
  EXPECT_EQ(read->http.cors->origins, manifest.http.cors->origins);
  EXPECT_TRUE(read->http.cors->credentials);
  EXPECT_EQ(read->http.cors->max_age, std::chrono::seconds(5));
}

// A platform's own table: known to those who name it, and carried.
struct Colour final : SectionSettings {
  explicit Colour(std::string value) : name(std::move(value)) {}
  std::string to_toml() const override { return "\n[paint]\ncolour = \"" + name + "\"\n"; }
  std::string name;
};

Result<std::shared_ptr<const SectionSettings>> read_paint(const TomlSection& section) {
  std::string name;
  const TomlField fields[] = {{"colour", [&](const toml::node& node) -> Status {
                                 FERRY_TRY(name, toml_string(node));
                                 return Done{};
                               }}};
  FERRY_CHECK_OK(read_toml_table(section.table, section.place, fields));
  return std::shared_ptr<const SectionSettings>(std::make_shared<Colour>(name));
}

constexpr Section kPaint{"paint", read_paint};
constexpr const Section* kPaints[] = {&kPaint};

TEST(Manifest, CarriesThePlatformsOwnTables) {
  const auto read = parse_manifest("[limits]\n[paint]\ncolour = \"red\"", "f.toml", kPaints);
  ASSERT_TRUE(read.ok()) << read.error().text();
  ASSERT_EQ(read->sections.count("paint"), 1u);
  const std::string written = manifest_to_toml(*read);
  EXPECT_THAT(written, HasSubstr("[paint]\ncolour = \"red\""));
  const auto again = parse_manifest(written, "written", kPaints);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(manifest_to_toml(*again), written);
}

TEST(Manifest, RefusesWhatAPlatformsTableDoesNotHave) {
  const auto refused = [](std::string_view toml, Sections sections) {
    const auto read = parse_manifest(toml, "f.toml", sections);
    return read.ok() ? std::string() : read.error().text();
  };
  EXPECT_THAT(refused("[paint]\ncolor = \"red\"", kPaints),
              HasSubstr("f.toml:2: unknown key 'color' in [paint] (did you mean 'colour'?"));
  EXPECT_THAT(refused("[paint]\ncolour = 3", kPaints), HasSubstr("f.toml:2: colour: wants"));
  EXPECT_THAT(refused("paint = 3", kPaints), HasSubstr("f.toml:1: paint: wants a table"));
  EXPECT_THAT(refused("\n[pain]", kPaints), HasSubstr("did you mean 'paint'?"));
  EXPECT_THAT(refused("[paint]", {}), HasSubstr("f.toml:1: unknown key 'paint'"));
}

// CORS as browsers take it (Fetch, "CORS protocol").
TEST(Manifest, CorsNamesOrigins) {
  for (const char* wrong :
       {"cors = {}", "cors = { origins = [] }", "cors = { origins = [\"*\", \"https://a\"] }",
        "cors = { origins = [\"*\"], credentials = true }", "cors = { origins = [\"a.example\"] }",
        "cors = { origins = [\"https://a/path\"] }",
        "cors = { origins = [\"*\"], methods = [\"G T\"] }",
        "cors = { origins = [\"*\"], max_age = -1 }", "cors = true"}) {
    EXPECT_FALSE(parse_manifest(std::string("[http]\n") + wrong, "f.toml").ok()) << wrong;
  }
  const auto read = parse_manifest("[http]\ncors = { origins = [\"*\"] }", "f.toml");
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->http.cors->methods, (std::vector<std::string>{"GET", "HEAD", "POST"}));
}

}  // namespace
}  // namespace ferry::function
