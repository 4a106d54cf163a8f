#include <gmock/gmock.h>

#include "emulators/openwhisk/emulator.h"
#include "platforms/openwhisk/answer.h"
#include "platforms/openwhisk/web.h"

namespace ferry::platforms::openwhisk {
namespace {

using host::Outcome;
using host::Status;
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

TEST(OpenWhiskWeb, BodyIsDecodedByItsType) {
  auto body = [](const std::string& type, const std::string& text) {
    auto web = read_web(R"({"__ow_method":"post","__ow_headers":{"content-type":")" + type +
                        R"("},"__ow_body":")" + text + "\"}");
    return (*web)->body;
  };
  EXPECT_EQ(body("text/plain", "aGk="), "aGk=");
  EXPECT_EQ(body("application/json", "e30="), "{}");
  EXPECT_EQ(body("application/octet-stream", "aGk="), "hi");
  EXPECT_EQ(body("application/octet-stream", "not base64"), "not base64");
}

TEST(OpenWhiskWeb, TargetCannotSplitARequest) {
  auto web = read_web(R"({"__ow_method":"get","__ow_path":"/a b\r\nX","__ow_query":"q=\u00e9"})");
  EXPECT_EQ((*web)->target, "/a%20b%0D%0AX?q=%C3%A9");
}

TEST(OpenWhiskWeb, AnswerKeepsTheFirstOfTwoFieldsOfOneName) {
  http::Response response;
  response.fields = {{"x", "1"}, {"x", "2"}};
  EXPECT_EQ(write_web(response, false), R"({"statusCode":200,"headers":{"x":"1"}})");
}

}  // namespace
}  // namespace ferry::platforms::openwhisk
