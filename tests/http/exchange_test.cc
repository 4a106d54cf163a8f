// The calling side over a real socket, and the responses that it does not believe.
#include <array>
#include <thread>

#include <gmock/gmock.h>
#include <sys/socket.h>

#include "base/file.h"
#include "http/client.h"

namespace ferry::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct Line {
  Line() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours = Fd(ends[0]);
    theirs = Fd(ends[1]);
  }
  Fd ours;
  Fd theirs;
};

TEST(Exchange, SendsOneRequestAndReadsToTheEnd) {
  Line line;
  std::string asked;
  std::thread server([&] {
    std::array<char, 100> buffer{};
    const ssize_t got = recv(line.theirs.get(), buffer.data(), buffer.size(), 0);
    asked.assign(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const std::string_view answer = "HTTP/1.1 201 Created\r\nX-A: b\r\n\r\nhello";
    EXPECT_EQ(send(line.theirs.get(), answer.data(), answer.size(), 0),
              static_cast<ssize_t>(answer.size()));
    line.theirs.reset();
  });
  const auto response = exchange(line.ours.get(), "GET / HTTP/1.1\r\n\r\n");
  server.join();
  ASSERT_TRUE(response.ok()) << response.error().text();
  EXPECT_EQ(asked, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "hello");
  EXPECT_THAT(response->fields, ElementsAre(Pair("x-a", "b")));
}

// One that has heard enough answers and closes while we still send.
TEST(Exchange, AnAnswerBeforeTheEndOfTheRequestCounts) {
  Line line;
  const std::string_view answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";
  ASSERT_EQ(send(line.theirs.get(), answer.data(), answer.size(), 0),
            static_cast<ssize_t>(answer.size()));
  line.theirs.reset();
  const auto response = exchange(line.ours.get(), std::string(1 << 20, 'x'));
  ASSERT_TRUE(response.ok()) << response.error().text();
  EXPECT_EQ(response->status, 413);
}

TEST(Exchange, WhatIsTooLargeOrNoSocketIsAnError) {
  Line line;
  const std::string answer = "HTTP/1.1 200 OK\r\n\r\n" + std::string(100, 'x');
  ASSERT_EQ(send(line.theirs.get(), answer.data(), answer.size(), 0),
            static_cast<ssize_t>(answer.size()));
  line.theirs.reset();
  EXPECT_FALSE(exchange(line.ours.get(), "GET /\r\n\r\n", 50).ok());
  EXPECT_FALSE(exchange(-1, "GET /\r\n\r\n").ok());
}

std::string response_refusal(const std::string& bytes, std::uint64_t most = 100) {
  const auto response = parse_response(bytes, most);
  return response.ok() ? "" : response.error().text();
}

TEST(Response, IsReadStrictly) {
  EXPECT_EQ(response_refusal("HTTP/1.1 200 OK\r\n\r\n"), "");
  EXPECT_EQ(response_refusal("HTTP/1.1 200\r\n\r\n"), "");
  for (const char* line : {"HTTP/2 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK",
                           "HTTP/1.1 abc OK", "HTTP/1.1", "200 OK", ""}) {
    EXPECT_THAT(response_refusal(std::string(line) + "\r\n\r\n"), HasSubstr("no status line"))
        << line;
  }
  const auto with = [](const std::string& fields, const std::string& body = "") {
    return response_refusal("HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body);
  };
  EXPECT_THAT(with("Transfer-Encoding: gzip\r\n"), HasSubstr("other than chunked"));
  EXPECT_THAT(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
              HasSubstr("other than chunked"));
  EXPECT_THAT(with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), HasSubstr("both"));
  for (const char* length : {"x", "-1", "1 2", "99999999999999999999", "1x", ""}) {
    EXPECT_THAT(with("Content-Length: " + std::string(length) + "\r\n"),
                HasSubstr("Content-Length is not a number"))
        << length;
  }
  EXPECT_THAT(with("Content-Length: 1\r\nContent-Length: 2\r\n"), HasSubstr("two values"));
  EXPECT_EQ(with("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), "");
  EXPECT_THAT(with("no colon\r\n"), HasSubstr("without a colon"));
  EXPECT_THAT(with("Content-Length: 2\r\n", "x"), HasSubstr("ends within its body"));
  EXPECT_THAT(with("Transfer-Encoding: chunked\r\n", "5\r\nab"), HasSubstr("ends within a chunk"));
  EXPECT_THAT(with("Transfer-Encoding: chunked\r\n", "x\r\n"), HasSubstr("malformed"));
  EXPECT_THAT(with("Content-Length: 101\r\n"), HasSubstr("larger than allowed"));
  EXPECT_THAT(with("", std::string(101, 'x')), HasSubstr("larger than allowed"));
  EXPECT_THAT(response_refusal("HTTP/1.1 200 OK\r\nA: " + std::string(65 << 10, 'x')),
              HasSubstr("its head is larger than allowed"));
}

TEST(Response, SaysWhetherTheConnectionGoesOn) {
  const auto keeps = [](const std::string& head) {
    ResponseReader reader(100);
    EXPECT_TRUE(reader.feed(head).ok());
    return reader.keeps_alive();
  };
  EXPECT_TRUE(keeps("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\n\r\n"));  // its body ends with the connection
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy"));  // something came behind
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nxy"));
  EXPECT_TRUE(keeps("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
}

}  // namespace
}  // namespace ferry::http
