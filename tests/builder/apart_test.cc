// A snapshot is tried in a process that is shut in; whatever that process does, this one goes on.
#include "builder/apart.h"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

namespace ferry::builder {
namespace {

using ::testing::HasSubstr;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// What is asked comes back, marked by who has answered.
SnapshotTools echoing() {
  return {
      [](ByteView prepared) -> Result<Bytes> {
        return bytes_of("compiled " + std::string(as_text(prepared)));
      },
      [](ByteView nameless, const std::vector<std::uint32_t>& functions) -> Result<Bytes> {
        return bytes_of(std::to_string(functions.size()) + " in " + std::string(as_text(nameless)));
      }};
}

SnapshotTools refusing() {
  return {[](ByteView) -> Result<Bytes> {
            return Error{Code::kLimit, "too large", "less"};
          },
          [](ByteView, const auto&) -> Result<Bytes> {
            return Error{Code::kNotFound, "", ""};
          }};
}

TEST(ApartTest, AsksAndGivesBackWhatItMade) {
  const auto parent = getpid();
  const auto tried =
      try_apart(echoing(), [&](const SnapshotTools& asking) -> Result<TriedSnapshot> {
        if (getpid() == parent) return Error{Code::kInternal, "it is the same process", ""};
        FERRY_TRY(const Bytes code, asking.compile(as_bytes("module")));
        FERRY_TRY(Bytes made, asking.unwindable(code, {1, 2, 3}));
        return TriedSnapshot{std::move(made), "on 7 events"};
      });
  ASSERT_TRUE(tried.ok()) << tried.error().text();
  EXPECT_EQ(as_text(tried->wasm), "3 in compiled module");
  EXPECT_EQ(tried->compared_on, "on 7 events");
}

TEST(ApartTest, ErrorsGoBothWays) {
  const auto tried =
      try_apart(refusing(), [](const SnapshotTools& asking) -> Result<TriedSnapshot> {
        const auto code = asking.compile(as_bytes("module"));
        return Error{Code::kUnsupported, "asked: " + code.error().message, code.error().hint};
      });
  ASSERT_FALSE(tried.ok());
  EXPECT_EQ(tried.error().code, Code::kUnsupported);
  EXPECT_EQ(tried.error().message, "asked: too large");
  EXPECT_EQ(tried.error().hint, "less");
}

TEST(ApartTest, AProcessThatIsEndedSaysHow) {
  const auto killed = try_apart(echoing(), [](const SnapshotTools&) -> Result<TriedSnapshot> {
    kill(getpid(), SIGKILL);
    return TriedSnapshot{};
  });
  ASSERT_FALSE(killed.ok());
  EXPECT_EQ(killed.error().message, "no snapshot: the process that tried it was ended by signal 9");
  const auto left =
      try_apart(echoing(), [](const SnapshotTools&) -> Result<TriedSnapshot> { _exit(7); });
  ASSERT_FALSE(left.ok());
  EXPECT_EQ(left.error().message, "no snapshot: the process that tried it ended with code 7");
}

TEST(ApartTest, OneThatAsksWithoutEndIsEnded) {
  const auto tried = try_apart(echoing(), [](const SnapshotTools& asking) -> Result<TriedSnapshot> {
    for (;;) {
      FERRY_TRY(const Bytes again, asking.compile(as_bytes("again")));
    }
  });
  ASSERT_FALSE(tried.ok());
  EXPECT_EQ(tried.error().code, Code::kLimit);
}

// The only socket there, by the number that it has.
int way_out() {
  for (int fd = 3; fd < 1024; ++fd) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0) return fd;
  }
  return -1;
}

TEST(ApartTest, WhatIsNoMessageEndsIt) {
  const auto tried = try_apart(echoing(), [](const SnapshotTools&) -> Result<TriedSnapshot> {
    static_cast<void>(send(way_out(), "junk", 4, 0));
    for (;;) pause();
  });
  ASSERT_FALSE(tried.ok());
  EXPECT_EQ(tried.error().code, Code::kInvalid);
}

TEST(ApartTest, OneThatStaysWithoutAWordIsEnded) {
  const auto tried = try_apart(echoing(), [](const SnapshotTools&) -> Result<TriedSnapshot> {
    close(way_out());
    for (;;) pause();
  });
  ASSERT_FALSE(tried.ok());
  EXPECT_THAT(tried.error().message, HasSubstr("was ended by signal 9"));
}

TEST(ApartTest, NothingThatWasOpenLeadsAnywhere) {
  std::array<int, 2> pipes{};
  std::array<int, 2> sockets{};
  ASSERT_EQ(pipe2(pipes.data(), O_CLOEXEC), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
  const std::string path = ::testing::TempDir() + "ferry-apart";
  const Fd written(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const Fd reading(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd folder(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto tried = try_apart(echoing(), [&](const SnapshotTools&) -> Result<TriedSnapshot> {
    std::string open;
    const auto note = [&](const char* what, int fd) {
      if (fcntl(fd, F_GETFD) >= 0) open += what;
    };
    note("pipe ", pipes[0]);
    note("pipe ", pipes[1]);
    note("socket ", sockets[0]);
    note("socket ", sockets[1]);
    note("written ", written.get());
    note("folder ", folder.get());
    note("reading ", reading.get());
    if (write(STDOUT_FILENO, "x", 1) != 1) open += "no output";
    return TriedSnapshot{bytes_of("x"), open};
  });
  ASSERT_TRUE(tried.ok()) << tried.error().text();
  EXPECT_EQ(tried->compared_on, "reading ");
  for (const int fd : {pipes[0], pipes[1], sockets[0], sockets[1]}) close(fd);
  unlink(path.c_str());
}

}  // namespace
}  // namespace ferry::builder
