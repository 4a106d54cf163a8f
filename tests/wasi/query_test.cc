// DNS queries that a guest sends as datagrams, in forms that no resolver sends; paths that are
// dialled in odd ways; and waiting for datagrams.
#include <gmock/gmock.h>

#include "wasi/socket_fixture.h"

namespace ferry::wasi {
namespace {

using std::string_view_literals::operator""sv;

enum Rcode { kNoError = 0, kFormat = 1, kServerFailure = 2, kNoSuchName = 3, kNotImplemented = 4 };

class QueryTest : public SocketTest {
 protected:
  void ask_of(std::initializer_list<std::string_view> grants, NetworkAccess base = {}) {
    grant(grants, std::move(base));
    fd = open(1);
    ASSERT_EQ(connect(fd, "127.0.0.1", 53), Errno::kSuccess);
  }
  // A header with these flags and this count of questions, and what follows it.
  static std::string query(std::string_view rest, std::string_view flags = "\x01\x00"sv,
                           std::string_view questions = "\x00\x01"sv) {
    std::string out = "\x12\x34";
    out += flags;
    out += questions;
    out.append(6, '\0');
    out += rest;
    return out;
  }
  static std::string question(std::string_view name, std::string_view type = "\x00\x01"sv,
                              std::string_view of_class = "\x00\x01"sv) {
    std::string out;
    while (!name.empty()) {
      const std::string_view label = name.substr(0, name.find('.'));
      out += static_cast<char>(label.size());
      out += label;
      name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    out += '\0';
    out += type;
    out += of_class;
    return out;
  }
  // The answer's code, and how many records it has; -1: there was no answer.
  std::pair<int, int> answer(const std::string& sent) {
    EXPECT_EQ(send(fd, sent), Errno::kSuccess);
    const std::string got = receive(fd, 2000);
    if (got == "errno 6") return {-1, 0};
    EXPECT_EQ(got.substr(0, 2), "\x12\x34");
    return {got[3] & 0x0F, static_cast<unsigned char>(got[7])};
  }

  std::uint32_t fd = 0;
};

using Answered = std::pair<int, int>;

TEST_F(QueryTest, WhatIsNoQueryIsNotAnswered) {
  ask_of({"db.internal:5432"});
  EXPECT_EQ(answer(std::string(11, '\0')), Answered(-1, 0));
  EXPECT_EQ(answer(query(question("db.internal"), "\x81\x00"sv)), Answered(-1, 0));  // an answer
  EXPECT_TRUE(network.lookups.empty());
}

TEST_F(QueryTest, OneQuestionThatIsWholeIsRead) {
  ask_of({"db.internal:5432"});
  const Answered wrong(kFormat, 0);
  EXPECT_EQ(answer(query("")), wrong);
  EXPECT_EQ(answer(query(question("db.internal"), "\x01\x00"sv, "\x00\x00"sv)), wrong);
  EXPECT_EQ(answer(query(question("db.internal"), "\x01\x00"sv, "\x00\x02"sv)), wrong);
  EXPECT_EQ(answer(query("\x02"
                         "db")),
            wrong);  // it ends within the name
  EXPECT_EQ(answer(query("\x05"
                         "db")),
            wrong);  // a label that ends beyond it
  EXPECT_EQ(answer(query("\x02"
                         "db\x00\x00\x01"sv)),
            wrong);                                               // no class
  EXPECT_EQ(answer(query("\xC0\x0C\x00\x01\x00\x01"sv)), wrong);  // a pointer to itself
  EXPECT_EQ(answer(query(std::string(1, '\x40') + std::string(64, 'x'))), wrong);
  EXPECT_TRUE(network.lookups.empty());
}

TEST_F(QueryTest, OtherClassesAndOperationsAreNotImplemented) {
  ask_of({"db.internal:5432"});
  const Answered not_here(kNotImplemented, 0);
  EXPECT_EQ(answer(query(question("db.internal", "\x00\x01"sv, "\x00\x03"sv))), not_here);
  EXPECT_EQ(answer(query(question("db.internal"), "\x29\x00"sv)), not_here);  // an update
}

TEST_F(QueryTest, OtherTypesAreAnsweredWithoutARecord) {
  ask_of({"db.internal:5432"});
  network.names["db.internal"] = {"10.1.2.3"};
  EXPECT_EQ(answer(query(question("db.internal", "\x00\x0f"sv))), Answered(kNoError, 0));  // MX
  EXPECT_EQ(answer(query(question("db.internal", "\x00\x1c"sv))), Answered(kNoError, 0));
  EXPECT_EQ(answer(query(question("db.internal"))), Answered(kNoError, 1));
}

TEST_F(QueryTest, FailuresHaveTheirCodes) {
  NetworkAccess base;
  base.connect_timeout = std::chrono::milliseconds(20);
  ask_of({"none.example:1", "silent.example:1"}, base);
  EXPECT_EQ(answer(query(question("none.example"))), Answered(kNoSuchName, 0));
  EXPECT_EQ(answer(query(question("silent.example"))), Answered(kServerFailure, 0));
}

TEST_F(QueryTest, AnAnswerHasTheRecordsThatFit) {
  ask_of({"many.internal:1"});
  for (int i = 1; i < 100; ++i) {
    network.names["many.internal"].push_back("10.0.0." + std::to_string(i));
  }
  const auto [code, records] = answer(query(question("many.internal")));
  EXPECT_EQ(code, kNoError);
  EXPECT_GT(records, 20);
  EXPECT_LT(records, 99);
}

TEST_F(QueryTest, ADatagramThatDoesNotFitIsCutAndSaysSo) {
  ask_of({"db.internal:5432"});
  network.names["db.internal"] = {"10.1.2.3"};
  ASSERT_EQ(send(fd, query(question("db.internal"))), Errno::kSuccess);
  EXPECT_EQ(poll(fd, EventType::kFdRead, 1000), 1U);
  EXPECT_EQ(event.userdata, 7U);
  slice(kData, 4);
  ASSERT_EQ(call("sock_recv", {fd, kIovs, 1, 0, kResult, kValue}), Errno::kSuccess);
  EXPECT_EQ(result(), 4U);
  EXPECT_EQ(get<std::uint16_t>(kValue), 1);  // truncated
  EXPECT_EQ(poll(fd, EventType::kFdWrite, 1000), 1U);
  EXPECT_EQ(event.userdata, 7U);
  EXPECT_EQ(call("sock_shutdown", {fd, kShutRead}), Errno::kSuccess);
}

TEST_F(QueryTest, PathsAreDialledAsFilesAreOpened) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::string place = "tcp/127.0.0.1/" + std::to_string(listener.port);
  EXPECT_EQ(dial("./" + place), Errno::kSuccess);
  const auto with_flags = [&](std::uint32_t folder, std::string_view path, std::uint32_t oflags,
                              std::uint64_t base) {
    return call("path_open",
                {folder, 0, kPath, put_text(kPath, path), oflags, base, 0, 0, kResult});
  };
  EXPECT_EQ(with_flags(3, place, kOpenDirectory, rights::kFdRead), Errno::kNotdir);
  EXPECT_EQ(with_flags(3, place, kOpenExcl, rights::kFdRead), Errno::kNotdir);
  EXPECT_EQ(with_flags(4, kCaName, kOpenDirectory, rights::kFdRead), Errno::kNotdir);
  EXPECT_EQ(with_flags(4, kCaName, 0, rights::kFdWrite), Errno::kRofs);
  EXPECT_EQ(with_flags(4, kCaName, kOpenCreat, rights::kFdRead), Errno::kRofs);
}

TEST_F(QueryTest, ARefusedConnectionOfAPathIsItsError) {
  std::uint16_t port = 0;
  { port = Listener().port; }
  grant({"127.0.0.1:" + std::to_string(port)});
  const std::size_t before = open_descriptors();
  EXPECT_EQ(dial("tcp/127.0.0.1/" + std::to_string(port)), Errno::kConnrefused);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(QueryTest, AConnectionUnderWayIsGivenUpByPollAtItsTime) {
  const FullListener full;
  NetworkAccess base;
  base.connect_timeout = std::chrono::milliseconds(50);
  grant({"127.0.0.1:" + std::to_string(full.port)}, base);
  const std::uint32_t late = open();
  ASSERT_EQ(call("fd_fdstat_set_flags", {late, kFdNonblock}), Errno::kSuccess);
  ASSERT_EQ(connect(late, "127.0.0.1", full.port), Errno::kInprogress);
  EXPECT_EQ(connect(late, "127.0.0.1", full.port), Errno::kAlready);
  EXPECT_EQ(send(late, "x"), Errno::kAgain);
  EXPECT_EQ(poll(late, EventType::kFdWrite, 5000), 1U);
  EXPECT_EQ(event.userdata, 7U);
  EXPECT_EQ(event.flags, kHangup);
  EXPECT_EQ(option(late, 2), static_cast<std::uint32_t>(Errno::kTimedout));
}

}  // namespace
}  // namespace ferry::wasi
