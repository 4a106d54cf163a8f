// What OpenWhisk's side sends, in the forms that nobody should: each is refused, or read as what it
// is.
#include <gmock/gmock.h>

#include "base/bytes.h"
#include "package/zip.h"
#include "platforms/openwhisk/code.h"
#include "platforms/openwhisk/message.h"
#include "platforms/openwhisk/web.h"

namespace ferry::platforms::openwhisk {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

package::ZipEntry entry(const std::string& name, const std::string& text) {
  package::ZipEntry out;
  out.name = name;
  const ByteView bytes = as_bytes(text);
  out.bytes.assign(bytes.begin(), bytes.end());
  return out;
}

std::string zip_of(std::initializer_list<package::ZipEntry> entries) {
  return to_base64(*package::write_zip(entries));
}

const std::string kWasm("\0asm\1\0\0\0", 8);

std::string code_refusal(const std::string& text, const std::string& main = "main") {
  const auto code = read_code(text, main);
  return code.ok() ? "" : code.error().text();
}

TEST(Code, IsWasmABundleOrAZip) {
  EXPECT_EQ(read_code(to_base64(as_bytes(kWasm)), "main")->kind, Upload::Kind::kWasm);
  EXPECT_EQ(read_code(to_base64(as_bytes("anything")), "main")->kind, Upload::Kind::kBundle);
  const auto zipped = read_code(
      zip_of({entry("a/f.wasm", kWasm), entry("a/ferry.toml", "[function]"), entry("README", "")}),
      "main");
  ASSERT_TRUE(zipped.ok()) << zipped.error().text();
  EXPECT_EQ(zipped->name, "f");
  EXPECT_EQ(zipped->manifest, "[function]");
}

TEST(Code, OfSeveralIsTheOneThatMainNames) {
  const std::string text =
      zip_of({entry("one.wasm", kWasm), entry("two.wasm", kWasm), entry("ferry.toml", "[limits]")});
  EXPECT_EQ(read_code(text, "two")->name, "two");
  EXPECT_EQ(read_code(text, "two")->manifest, "[limits]");  // the one at the top
  EXPECT_THAT(code_refusal(text, "three"),
              HasSubstr("the zip has no function 'three'; it has one, two"));
}

TEST(Code, WithoutAFunctionSaysSo) {
  EXPECT_THAT(code_refusal(zip_of({entry("main.py", "")})), HasSubstr("neither a .wasm file nor"));
  // What a file manager packed beside it is not a second function.
  const auto clutter = read_code(zip_of({entry("f.wasm", kWasm), entry("__MACOSX/._f.wasm", ""),
                                         entry("x/__MACOSX/g.wasm", ""), entry("._g.wasm", "")}),
                                 "main");
  ASSERT_TRUE(clutter.ok()) << clutter.error().text();
  EXPECT_EQ(clutter->name, "f");
}

TEST(Code, ThatIsNoBase64SaysHowItIsSent) {
  EXPECT_THAT(code_refusal(kWasm), HasSubstr("sent raw, and JSON has damaged it"));
  EXPECT_THAT(code_refusal("function main() {}"), HasSubstr("the code is not base64"));
  EXPECT_NE(code_refusal(to_base64(as_bytes(std::string("PK\3\4 and no more")))), "");
}

TEST(Init, IsReadStrictly) {
  const auto init = read_init(R"({"name":null,"code":"x","env":null})");
  ASSERT_TRUE(init.ok());
  EXPECT_EQ(init->name, "");
  EXPECT_EQ(init->main, "main");
  EXPECT_EQ(read_init(R"({"main":"a","main":"b"})")->main, "b");  // the last one, as elsewhere
  for (const char* wrong :
       {R"({"name":1})", R"({"code":{}})", R"({"env":[]})", R"({"env":{"A=B":"x"}})",
        R"({"env":{"":"x"}})", R"({"env":{"A":"\u0000"}})", R"({"env":{"A\u0000":"x"}})", "[]", "{",
        R"({"name":"\ud800"})"}) {
    EXPECT_FALSE(read_init(wrong).ok()) << wrong;
  }
  EXPECT_THAT(read_init(R"({"env":{"A":1,"B":true,"C":null,"D":"d","E":{"x":1}}})")->env,
              ElementsAre(Pair("A", "1"), Pair("B", "true"), Pair("C", ""), Pair("D", "d"),
                          Pair("E", R"({"x":1})")));
  std::string many = "{\"env\":{";
  for (int i = 0; i < 100'000; ++i) {
    many += (i > 0 ? ",\"v" : "\"v") + std::to_string(i) + "\":\"\"";
  }
  EXPECT_FALSE(read_init(many + "}}").ok());
}

TEST(Activation, TakesObjectsAndListsAndKnownMetadata) {
  const auto metadata = read_members(
      R"({"activation_id":"a1","deadline":"1700","action_name":"/ns/f","x-y":"no","":"no",)"
      R"("Key9":"k","nul":"\u0000"})");
  ASSERT_TRUE(metadata.ok());
  const auto activation = read_activation("[1]", *metadata);
  ASSERT_TRUE(activation.ok());
  EXPECT_EQ(activation->id, "a1");
  EXPECT_EQ(activation->action_name, "/ns/f");
  EXPECT_EQ(activation->deadline_ms, 1700);
  EXPECT_THAT(activation->env, Contains(Pair("__OW_KEY9", "k")));
  EXPECT_THAT(activation->env, Not(Contains(Key("__OW_NUL"))));
  for (const char* wrong : {"", "1", "\"x\"", "null", "true"}) {
    const auto refused = read_activation(wrong, {});
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_EQ(refused.error().code, Code::kUsage);
  }
  for (const char* deadline :
       {R"("x")", R"("-1")", R"("1x")", R"("")", R"("99999999999999999999")"}) {
    const Members members{{"deadline", deadline}};
    EXPECT_EQ(read_activation("{}", members)->deadline_ms, std::nullopt) << deadline;
  }
  EXPECT_FALSE(read_activation("{}", {{"deadline", R"("\ud800")"}}).ok());
}

std::string web_refusal(const std::string& value) {
  const auto request = read_web(value);
  return request.ok() ? "" : request.error().text();
}

TEST(Web, IsWhatHasAMethod) {
  EXPECT_FALSE(read_web("[]")->has_value());
  EXPECT_FALSE(read_web("{}")->has_value());
  EXPECT_FALSE(read_web(R"({"a":"__ow_method"})")->has_value());
  const auto request = read_web(R"({"__ow_method":"post","__ow_path":null,"__ow_query":"a=1",)"
                                R"("__ow_headers":{"Content-Length":"1","transfer-encoding":"x",)"
                                R"("Connection":"close","X-A":7,"Content-Type":"text/plain"},)"
                                R"("__ow_body":"hi"})");
  ASSERT_TRUE(request.ok() && request->has_value());
  EXPECT_EQ((*request)->method, "POST");
  EXPECT_EQ((*request)->target, "/?a=1");
  EXPECT_THAT((*request)->headers,
              ElementsAre(Pair("X-A", "7"), Pair("content-type", "text/plain")));
  EXPECT_EQ((*request)->body, "hi");
}

TEST(Web, WithAMethodThatIsNoneIsRefused) {
  for (const std::string& wrong :
       {std::string(R"("")"), std::string(R"("G T")"), std::string("null"), std::string(R"("1")"),
        std::string(R"("@")"), std::string(R"("[")"), std::string(R"("{")"),
        '"' + std::string(33, 'a') + '"'}) {
    EXPECT_THAT(web_refusal(R"({"__ow_method":)" + wrong + "}"), HasSubstr("is not an HTTP method"))
        << wrong;
  }
}

TEST(Web, IsRefusedWhereItsTextIsNoText) {
  constexpr char kBad[] = R"("\ud800")";  // half a surrogate pair
  for (const char* member : {"__ow_path", "__ow_query", "__ow_body"}) {
    EXPECT_NE(web_refusal(R"({"__ow_method":"get",")" + std::string(member) + R"(":)" + kBad +
                          (std::string(member) == "__ow_body" ? R"(,"__ow_query":"")" : "") + "}"),
              "")
        << member;
  }
  EXPECT_NE(web_refusal(R"({"__ow_method":"get","__ow_headers":{"A":)" + std::string(kBad) + "}}"),
            "");
  EXPECT_NE(web_refusal(R"({"__ow_method":"get","__ow_headers":[]})"), "");
  EXPECT_NE(web_refusal(R"({"__ow_method":)" + std::string(kBad) + "}"), "");
  EXPECT_NE(web_refusal(R"({"__ow_method":"get")"), "");
}

TEST(Web, BodiesAreWhatTheyWere) {
  const auto body = [](const std::string& type, const std::string& value, bool raw) {
    const auto request =
        read_web(R"({"__ow_method":"post","__ow_headers":{"content-type":")" + type + R"("},)" +
                 (raw ? R"("__ow_query":"",)" : "") + R"("__ow_body":)" + value + "}");
    return request.ok() && *request ? (*request)->body : "refused";
  };
  EXPECT_EQ(body("application/json", R"({"a":1.10})", false), R"({"a":1.10})");
  EXPECT_EQ(body("text/plain", "null", true), "");
  EXPECT_EQ(body("text/plain", "12", true), "12");
  EXPECT_EQ(body("image/png", "\"aGk=\"", true), "hi");
  EXPECT_EQ(body("image/png", "\"not base64!\"", true), "not base64!");  // as it came
}

TEST(Web, AnswersHoldOnlyWhatIsText) {
  http::Response response;
  response.status = 201;
  response.fields = {{"X-A", "1"}, {"x-a", "2"}, {"X-B", "\xff"}, {"Set-Cookie", "c"}};
  EXPECT_EQ(write_web(response, false),
            R"({"statusCode":201,"headers":{"X-A":["1","2"],"Set-Cookie":"c"}})");
  EXPECT_THAT(write_web(response, true), HasSubstr(R"({"error":{"statusCode":201)"));
  http::Response result;
  EXPECT_EQ(write_result(result, false), "{}");
  result.body = "\xff";
  EXPECT_EQ(write_result(result, true), R"({"error":{"body":"/w=="}})");
  result.content_type = "application/json";
  result.body = " 7";
  EXPECT_EQ(write_result(result, false), R"({"body": 7})");
  result.body = " {\"a\":1}";
  EXPECT_EQ(write_result(result, false), " {\"a\":1}");
}

}  // namespace
}  // namespace ferry::platforms::openwhisk
