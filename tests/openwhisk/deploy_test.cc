// What is read before an action is sent, and what is said to an OpenWhisk that is played here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platforms/openwhisk/deploy/api.h"

namespace ferry::deploy {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kAction[] =
    R"({"namespace":"_","name":"hello","exec":{"kind":"wasm:1","main":"hello","binary":true,
        "code":"AAAA"},"limits":{"timeout":3000},"annotations":[{"key":"k","value":"v"}]})";

// Answers with what it was given, in turn, and keeps what it was sent.
class Played final : public Transport {
 public:
  explicit Played(std::vector<Response> answers) : answers_(std::move(answers)) {}
  Result<Response> send(const Request& request) override {
    sent.push_back(request);
    if (next_ >= answers_.size()) {
      return Error{Code::kIo, "no more answers", ""};
    }
    return answers_[next_++];
  }
  std::vector<Request> sent;

 private:
  std::vector<Response> answers_;
  std::size_t next_ = 0;
};

OpenWhiskAction hello() { return *make_action(kAction, {}); }

OpenWhiskApi api_on(Transport& transport) {
  return *OpenWhiskApi::open(transport, {"https://ow.example", "u:k", "_"}, false);
}

TEST(Wskprops, IsReadAsWskReadsIt) {
  const Fields read = parse_wskprops("# APIHOST=no\nAPIHOST=h:1\r\n AUTH = \"u:k=\" \njunk\nX=");
  const Fields expected{{"APIHOST", "h:1"}, {"AUTH", "u:k="}, {"X", ""}};
  EXPECT_EQ(read, expected);
}

TEST(Action, KeepsAnnotationsAndNamesWhatItHolds) {
  const OpenWhiskAction plain = hello();
  EXPECT_THAT(plain.body, HasSubstr(R"({"key":"k","value":"v"})"));
  EXPECT_THAT(plain.body, HasSubstr(plain.package));
  OpenWhiskChoice web;
  web.web = true;
  EXPECT_NE(make_action(kAction, web)->package, plain.package);
  EXPECT_EQ(make_action(kAction, {})->package, plain.package);
}

TEST(Action, TakesAnImageInPlaceOfAKind) {
  OpenWhiskChoice choice;
  choice.image = "ferry/action-wasm:1";
  EXPECT_THAT(make_action(kAction, choice)->body, HasSubstr(R"("kind":"blackbox")"));
  EXPECT_THAT(make_action(kAction, choice)->body, HasSubstr("AAAA"));
  choice.without_code = true;
  EXPECT_THAT(make_action(kAction, choice)->body, Not(HasSubstr("AAAA")));
  choice.image.clear();
  EXPECT_EQ(make_action(kAction, choice).error().code, Code::kUsage);
}

TEST(Action, RefusesNamesThatWouldLeaveTheirPlace) {
  for (const char* name :
       {"../x", "a/b/c", "/a", "a/", "a b", "a?b", "..", "a/../b", "-a", "a/.b", "a/@b"}) {
    OpenWhiskChoice choice;
    choice.name = name;
    EXPECT_FALSE(make_action(kAction, choice).ok()) << name;
  }
  for (const char* name : {"a", "_a", "1.2-3@x", "a..b", "a./b."}) {
    OpenWhiskChoice choice;
    choice.name = name;
    EXPECT_TRUE(make_action(kAction, choice).ok()) << name;
  }
  OpenWhiskChoice longest;
  longest.name = std::string(256, 'p') + '/' + std::string(256, 'a');
  EXPECT_TRUE(make_action(kAction, longest).ok());
  longest.name += 'a';
  EXPECT_FALSE(make_action(kAction, longest).ok());
}

TEST(OpenWhisk, NeverSendsAKeyInTheClearToAnotherMachine) {
  Played none({});
  EXPECT_FALSE(OpenWhiskApi::open(none, {"http://ow.example", "u:k", "_"}, false).ok());
  EXPECT_FALSE(OpenWhiskApi::open(none, {"http://127.evil.example", "u:k", "_"}, false).ok());
  EXPECT_FALSE(OpenWhiskApi::open(none, {"http://localhost@ow.example", "u:k", "_"}, false).ok());
  EXPECT_TRUE(OpenWhiskApi::open(none, {"http://ow.example", "u:k", "_"}, true).ok());
  EXPECT_TRUE(OpenWhiskApi::open(none, {"http://127.0.0.1:3233", "u:k", "_"}, false).ok());
  EXPECT_TRUE(OpenWhiskApi::open(none, {"http://[::1]:3233", "u:k", "_"}, false).ok());
}

TEST(OpenWhisk, SaysWhatEachRefusalMeans) {
  struct Row {
    int status;
    Code code;
    const char* words;
  };
  for (const Row& row : {Row{401, Code::kDenied, "key"}, Row{403, Code::kDenied, "forbids"},
                         Row{404, Code::kNotFound, "no such place"},
                         Row{409, Code::kBusy, "somebody else"}, Row{413, Code::kLimit, "bytes"},
                         Row{429, Code::kBusy, "too many"}, Row{302, Code::kUsage, "sends us"},
                         Row{502, Code::kIo, "failed"}, Row{400, Code::kDenied, "refuses"}}) {
    Played played({Response{row.status, {}, R"({"error":"their words"})"}});
    auto api = api_on(played);
    const Status status = api.put(hello(), false);
    ASSERT_FALSE(status.ok()) << row.status;
    EXPECT_EQ(status.error().code, row.code) << row.status;
    EXPECT_THAT(status.error().message, HasSubstr(row.words));
    EXPECT_THAT(status.error().text(), Not(HasSubstr("u:k")));
  }
}

TEST(OpenWhisk, CreatesWithoutOverwriting) {
  Played played({Response{200, {}, ""}, Response{200, {}, ""}});
  auto api = api_on(played);
  ASSERT_TRUE(api.put(hello(), false).ok());
  ASSERT_TRUE(api.put(hello(), true).ok());
  EXPECT_THAT(played.sent[0].url, Not(HasSubstr("overwrite")));
  EXPECT_THAT(played.sent[1].url, HasSubstr("overwrite=true"));
}

}  // namespace
}  // namespace ferry::deploy
