#include <gmock/gmock.h>

#include "base/bytes.h"
#include "package/zip.h"
#include "platforms/openwhisk/answer.h"
#include "platforms/openwhisk/code.h"
#include "platforms/openwhisk/emulator/emulator.h"
#include "platforms/openwhisk/emulator/observed.h"
#include "platforms/openwhisk/web.h"

namespace ferry::platforms::openwhisk {
namespace {

using host::Outcome;
using host::Status;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Outcome ok(std::string type, std::string data) {
  Outcome out;
  out.status = Status::kOk;
  out.reply.content_type = std::move(type);
  out.reply.data = std::move(data);
  return out;
}

http::Response answered(const Outcome& outcome) {
  http::Response out;
  answer_outcome(outcome, "sha256:d", out);
  return out;
}

TEST(OpenWhiskAnswer, GuestsFaultsAreApplicationErrorsAndOursAreNot) {
  for (Status status : {Status::kFailed, Status::kTrapped, Status::kTimeout, Status::kOutOfMemory,
                        Status::kOutputTooLarge, Status::kDenied}) {
    Outcome outcome;
    outcome.status = status;
    EXPECT_EQ(answered(outcome).status, 200) << host::status_row(status).name;
    EXPECT_THAT(answered(outcome).body, HasSubstr("{\"error\":{"));
  }
  Outcome broken;
  broken.status = Status::kBroken;
  EXPECT_EQ(answered(broken).status, 502);
  EXPECT_EQ(answered(host::refuse("full", "", true)).status, 503);
  EXPECT_EQ(answered(host::refuse("bad", "", false)).status, 400);
}

TEST(OpenWhiskAnswer, JsonThatClaimsToBeAndIsNotIsWrapped) {
  EXPECT_EQ(answered(ok("application/json", "{no")).body,
            R"({"datacontenttype":"application/json","data":"{no"})");
}

TEST(OpenWhiskAnswer, WrappingIsUndoneByTheEmulator) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
  }
  for (const std::string& data : {std::string("text \xe2\x98\x83"), bytes}) {
    const http::Response response = answered(ok("application/x-mine", data));
    const Answer answer = *unwrapped({response.status, {}, response.body});
    EXPECT_EQ(answer.body, data);
    EXPECT_THAT(answer.fields, ElementsAre(Pair("content-type", "application/x-mine")));
  }
}

TEST(OpenWhiskAnswer, EmulatorGivesAnErrorTheStatusOfItsProblem) {
  Outcome outcome;
  outcome.status = Status::kTimeout;
  const http::Response response = answered(outcome);
  const Answer answer = *unwrapped({response.status, {}, response.body});
  EXPECT_EQ(answer.status, 504);
}

TEST(OpenWhiskEvent, SourceIsAUriWhateverTheActionIsCalled) {
  Activation activation;
  activation.value = "{}";
  activation.action_name = "/my ns/a\"b";
  const event::Event event = event_of(activation, system_clock(), system_random());
  EXPECT_EQ(event.source, "/my%20ns/a%22b");
  EXPECT_TRUE(event::validate(event).ok());
}

TEST(OpenWhiskMessage, LastOfTwoMembersCounts) {
  const Members members = *read_members(R"({"a":1,"\u0061":2})");
  EXPECT_EQ(*find(members, "a"), "2");
  EXPECT_EQ(find(members, "b"), nullptr);
}

TEST(OpenWhiskMessage, MetadataThatCanBeNoVariableIsLeftOut) {
  const Members metadata = *read_members(R"({"a-b":"x","ok":"y","n":1,"z":"a\u0000b"})");
  const Activation activation = *read_activation("{}", metadata);
  EXPECT_THAT(activation.env, ElementsAre(Pair("__OW_N", "1"), Pair("__OW_OK", "y")));
}

// A body as the controller hands it to a raw action, read back.
std::string raw_body(const std::string& type, const std::string& text) {
  auto web = read_web(R"({"__ow_method":"post","__ow_query":"","__ow_headers":{"content-type":")" +
                      type + R"("},"__ow_body":")" + text + "\"}");
  return (*web)->body;
}

TEST(OpenWhiskWeb, BodyIsDecodedByItsType) {
  EXPECT_EQ(raw_body("text/plain", "aGk="), "aGk=");
  EXPECT_EQ(raw_body("application/json", "e30="), "{}");
  EXPECT_EQ(raw_body("application/octet-stream", "aGk="), "hi");
  EXPECT_EQ(raw_body("application/octet-stream", "not base64"), "not base64");
}

// image/svg+xml came out as PHN2Zy8+: which types are bytes is what OpenWhisk's HTTP library says.
TEST(OpenWhiskWeb, TypesAreBytesOrTextAsTheControllerHasThem) {
  for (const char* bytes :
       {"image/svg+xml", "image/png", "multipart/form-data; boundary=x", "message/http",
        "application/pdf", "application/x-unheard-of", "text/unheard-of", "font/woff2", "",
        "application/x-tex", "Application/JSON", "application/json; charset=utf-8",
        "application/vnd.example+json", "application/x-tar; charset=utf-8",
        "audio/x-pn-realaudio;charset=x", "multipart/other; charset=utf-8"}) {
    EXPECT_EQ(raw_body(bytes, "PHN2Zy8+"), "<svg/>") << bytes;
  }
  for (const char* text :
       {"text/plain", "TEXT/HTML; charset=iso-8859-1", "application/xml",
        "application/problem+json", "application/x-www-form-urlencoded", "application/base64",
        "text/x-scriptphyton", "application/x-unheard-of; charset=utf-8",
        "application/vnd.example+json; charset=utf-8", "application/json; profile=x"}) {
    EXPECT_EQ(raw_body(text, "PHN2Zy8+"), "PHN2Zy8+") << text;
  }
}

// Each of them was 400: OpenWhisk has read the JSON, and not every JSON body is an object.
TEST(OpenWhiskWeb, AJsonBodyMayBeAnyValue) {
  auto body = [](const std::string& value) {
    auto web = read_web(
        R"({"__ow_method":"post","__ow_headers":{"content-type":"application/json"},"__ow_body":)" +
        value + "}");
    return web.ok() ? (*web)->body : web.error().message;
  };
  for (const char* value : {"1234", "true", "null", "\"hello\"", "\"aGk=\"", "[1,2]"}) {
    EXPECT_EQ(body(value), value);
  }
}

// The query was lost where the body was not an object.
TEST(OpenWhiskWeb, ParametersBesideABodyAreTheQuery) {
  auto web = read_web(
      R"({"__ow_method":"post","__ow_path":"/p","__ow_headers":{"content-type":"text/plain"},)"
      R"("__ow_body":"hi","x":"1","a b":"c&d=\u00e9","n":7})");
  EXPECT_EQ((*web)->body, "hi");
  EXPECT_EQ((*web)->target, "/p?x=1&a%20b=c%26d%3D%C3%A9&n=7");
  // A JSON object or a form is merged with it; then all of it is the body.
  web = read_web(R"({"__ow_method":"post","x":"1","y":{"z":2}})");
  EXPECT_EQ((*web)->body, R"({"x":"1","y":{"z":2}})");
  EXPECT_EQ((*web)->target, "/");
  // A raw action gets its query as it was sent.
  web = read_web(R"({"__ow_method":"get","__ow_query":"q=%20","__ow_body":"","bound":"b"})");
  EXPECT_EQ((*web)->target, "/?q=%20");
}

std::string written(std::string type, std::string body) {
  http::Response response;
  response.content_type = std::move(type);
  response.body = std::move(body);
  return write_web(response, false);
}

// "body":"true" is decoded as base64.
TEST(OpenWhiskWeb, JsonThatIsNoContainerIsAValueOrBase64) {
  auto body = [](const std::string& json) {
    const std::string all = written("application/json", json);
    return all.substr(all.find("\"body\":"));
  };
  EXPECT_EQ(body("true"), R"("body":true})");
  EXPECT_EQ(body("1234"), R"("body":1234})");
  EXPECT_EQ(body(" [1]"), R"("body": [1]})");
  EXPECT_EQ(body("null"), R"("body":"bnVsbA=="})");      // null is not a body there
  EXPECT_EQ(body("\"abcd\""), R"("body":"ImFiY2Qi"})");  // a string is the text that it holds
  EXPECT_EQ(body("not json"), R"("body":"bm90IGpzb24="})");
  // What it does not call JSON has to be a string.
  EXPECT_THAT(written("text/json", "{}"), HasSubstr(R"("body":"e30=")"));
  EXPECT_THAT(written("application/json; profile=x", "{}"), HasSubstr(R"("body":"{}")"));
}

TEST(OpenWhiskWeb, RepliesAreBytesOrTextAsTheControllerHasThem) {
  EXPECT_THAT(written("image/svg+xml", "<svg/>"), HasSubstr(R"("body":"PHN2Zy8+")"));
  EXPECT_THAT(written("text/unheard-of", "hi"), HasSubstr(R"("body":"aGk=")"));
  EXPECT_THAT(written("text/html", "<p>"), HasSubstr(R"("body":"<p>")"));
  // Text goes in UTF-8; other bytes are kept, and their type is not.
  EXPECT_THAT(written("text/plain; charset=iso-8859-1", "\xE9"),
              AllOf(HasSubstr(R"("body":"6Q==")"), HasSubstr("application/octet-stream")));
}

TEST(OpenWhiskWeb, TargetCannotSplitARequest) {
  auto web = read_web(R"({"__ow_method":"get","__ow_path":"/a b\r\nX","__ow_query":"q=\u00e9"})");
  EXPECT_EQ((*web)->target, "/a%20b%0D%0AX?q=%C3%A9");
}

// NAME.json gave {body, headers, statusCode}.
TEST(OpenWhiskWeb, AResultIsWhatExtensionsProjectFrom) {
  auto result = [](std::string type, std::string body, bool failed = false) {
    http::Response response;
    response.content_type = std::move(type);
    response.body = std::move(body);
    return write_result(response, failed);
  };
  EXPECT_EQ(result("application/json", R"({"a":1.10})"), R"({"a":1.10})");
  EXPECT_EQ(result("application/json", "[1]"), "[1]");
  EXPECT_EQ(result("application/json", "7"), R"({"body":7})");
  EXPECT_EQ(result("image/svg+xml", "<svg/>"), R"({"body":"<svg/>"})");
  EXPECT_EQ(result("image/png", "\xFF"), R"({"body":"/w=="})");
  EXPECT_EQ(result("", ""), "{}");
  EXPECT_EQ(result("application/problem+json", R"({"status":500})", true),
            R"({"error":{"status":500}})");
}

// Of two Set-Cookie one was lost.
TEST(OpenWhiskWeb, FieldsOfOneNameAreAnArray) {
  http::Response response;
  response.fields = {{"Set-Cookie", "a=1"}, {"x", "1"}, {"set-cookie", "b=2"}};
  const std::string web = write_web(response, false);
  EXPECT_EQ(web, R"({"statusCode":200,"headers":{"Set-Cookie":["a=1","b=2"],"x":"1"}})");
  EXPECT_EQ(observed_result(web)->headers.at("set-cookie"), "a=1, b=2");
}

// 200,000 fields took 114 seconds: each was looked for among all before it.
TEST(OpenWhiskWeb, ManyFieldsAreWrittenInOnePass) {
  http::Response response;
  for (int i = 0; i < 200'000; ++i) {
    response.fields.emplace_back("x-" + std::to_string(i), "v");
  }
  const std::string web = write_web(response, false);
  EXPECT_GT(web.size(), 200'000u * 10);
  EXPECT_LT(web.size(), 200'000u * 20);
}

std::string zip_of(const std::vector<std::string>& names) {
  std::vector<package::ZipEntry> entries;
  entries.reserve(names.size());
  for (const std::string& name : names) {
    entries.push_back({name, Bytes(name.begin(), name.end()), 0644});
  }
  return to_base64(*package::write_zip(entries));
}

// "it has f, ._f", and a ferry.toml that was ignored.
TEST(OpenWhiskCode, ZipsOfFileManagersHoldOneFunction) {
  auto mac = read_code(zip_of({"f.wasm", "__MACOSX/._f.wasm", "ferry.toml", "__MACOSX/._ferry.toml",
                               "._f.wasm", "__MACOSX/f.wasm"}),
                       "main");
  ASSERT_TRUE(mac.ok()) << mac.error().text();
  EXPECT_EQ(as_text(mac->bytes), "f.wasm");
  EXPECT_EQ(mac->manifest, "ferry.toml");
  auto folder = read_code(zip_of({"my/f.wasm", "my/ferry.toml"}), "main");
  ASSERT_TRUE(folder.ok()) << folder.error().text();
  EXPECT_EQ(folder->name, "f");
  EXPECT_EQ(folder->manifest, "my/ferry.toml");
  auto several = read_code(zip_of({"a/f.wasm", "b/g.wasm", "b/ferry.toml", "ferry.toml"}), "g");
  EXPECT_EQ(several->manifest, "b/ferry.toml");
  EXPECT_EQ(
      read_code(zip_of({"a/f.wasm", "b/g.wasm", "b/ferry.toml", "ferry.toml"}), "f")->manifest,
      "ferry.toml");
  EXPECT_EQ(read_code(zip_of({"a/f.wasm", "b/ferry.toml"}), "main")->manifest, "");
}

}  // namespace
}  // namespace ferry::platforms::openwhisk
