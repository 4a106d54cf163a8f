// Handles that a component finds at each event, since its first state is that after other events.
#include "component_fixture.h"

namespace ferry::wasi2 {
namespace {

constexpr char kStreams[] = "wasi:io/streams";
constexpr char kHttp[] = "wasi:http/types";
constexpr u32 kRequest = 1;
constexpr u32 kBodyStream = 4;
constexpr u32 kStdout = 6;

class LeftTest : public ComponentTest {
 protected:
  void begin_with(const std::vector<LeftHandle>& left, const HttpRequest* request = nullptr) {
    ASSERT_TRUE(check_left(left).ok());
    begin();
    session.begin(request, left);
  }
  u32 stdout_stream() { return static_cast<u32>(call("wasi:cli/stdout", "get-stdout", {})); }
  void write(u32 stream, std::string_view text) {
    const Passed passed = pass(text);
    call(kStreams, "[method]output-stream.blocking-write-and-flush",
         {stream, passed.at, passed.size, kRet});
  }
};

TEST_F(LeftTest, AStreamOfStdioIsOpenAtTheNextEvent) {
  stdout_stream();
  const u32 kept = stdout_stream();
  call(kStreams, "[resource-drop]output-stream", {1});
  const auto left = session.left();
  ASSERT_TRUE(left.ok()) << left.error().text();
  ASSERT_EQ(left->size(), 1u);
  session.carry(*left);
  for (int event = 0; event < 2; ++event) {
    begin();
    write(kept, "hello");
    EXPECT_EQ(context.out(), "hello");
    EXPECT_EQ(stdout_stream(), 1u) << "what is free is given out";
    EXPECT_EQ(stdout_stream(), 3u);
  }
}

TEST_F(LeftTest, WhatIsLeftOfARequestIsAtItsEnd) {
  const HttpRequest next{.method = "GET", .body = "another's"};
  begin_with({{5, kRequest, 0}, {2, kBodyStream, 5}}, &next);
  call(kStreams, "[method]input-stream.read", {2, 100, kRet});
  EXPECT_EQ(get<u8>(kRet), 1) << "it reads what belongs to the next event";
  call(kHttp, "[method]incoming-request.consume", {5, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
}

TEST_F(LeftTest, AParentGoesAfterItsChildren) {
  begin_with({{5, kRequest, 0}, {2, kBodyStream, 5}});
  EXPECT_FALSE(trap(kHttp, "[resource-drop]incoming-request", {5}).empty());
  begin_with({{5, kRequest, 0}, {2, kBodyStream, 5}});
  call(kStreams, "[resource-drop]input-stream", {2});
  call(kHttp, "[resource-drop]incoming-request", {5});
}

TEST_F(LeftTest, WhatBelongsToOneEventCannotBeLeft) {
  call(kHttp, "[constructor]request-options", {});
  const auto left = session.left();
  ASSERT_FALSE(left.ok());
  EXPECT_NE(left.error().message.find("request-options"), std::string::npos);
}

TEST_F(LeftTest, NumbersOfAStrangerAreChecked) {
  for (const std::vector<LeftHandle>& wrong : {std::vector<LeftHandle>{{0, kStdout, 0}},
                                               {{4097, kStdout, 0}},
                                               {{0xffffffff, kStdout, 0}},
                                               {{1, 0, 0}},
                                               {{1, 10, 0}},
                                               {{1, kStdout, 1}},
                                               {{1, kStdout, 2}},
                                               {{1, kStdout, 0}, {1, kStdout, 0}},
                                               std::vector<LeftHandle>(1025, {1, kStdout, 0})}) {
    EXPECT_FALSE(check_left(wrong).ok());
  }
  EXPECT_TRUE(check_left({}).ok());
  EXPECT_TRUE(check_left(std::vector<LeftHandle>{{4096, kStdout, 0}}).ok());
}

}  // namespace
}  // namespace ferry::wasi2
