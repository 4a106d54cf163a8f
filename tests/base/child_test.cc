#include "base/child.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scratch.h"

namespace ferry {
namespace {

Result<ChildEnd> shell(const std::string& script, const ChildBounds& bounds = {}, int input = -1) {
  return run_child("/bin/sh", {"sh", "-c", script}, input, bounds);
}

TEST(Child, SaysWhatItWroteAndHowItEnded) {
  const auto end = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(end.ok()) << end.error().text();
  EXPECT_EQ(as_text(end->out), "out\n");
  EXPECT_EQ(end->err, "err\n");
  EXPECT_FALSE(end->fine());
  EXPECT_EQ(WEXITSTATUS(end->status), 3);
  EXPECT_TRUE(shell("exit 0")->fine());
}

TEST(Child, ReadsItsInputAndInheritsNothingElse) {
  const auto input = memory_input(as_bytes("given"), "a test");
  ASSERT_TRUE(input.ok());
  const auto end = shell("cat; ls /proc/self/fd | wc -l", {}, input->get());
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(as_text(end->out), "given4\n");  // 0, 1, 2, and the folder that ls reads
}

TEST(Child, OfNoInputMeetsAnEmptyOne) { EXPECT_EQ(as_text(shell("cat; echo .")->out), ".\n"); }

TEST(Child, HasAsMuchTimeAsItWasNotFrozen) {
  const pid_t both = fork();
  ASSERT_GE(both, 0);
  if (both == 0) {
    setpgid(0, 0);
    ChildBounds bounds;
    bounds.wall = std::chrono::seconds(4);
    const auto end = shell("sleep 1.5; sleep 0.5", bounds);
    _exit(end.ok() && end->fine() ? 0 : 1);
  }
  setpgid(both, both);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(-both, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds(5));
  kill(-both, SIGCONT);
  int status = -1;
  ASSERT_EQ(waitpid(both, &status, 0), both);
  EXPECT_EQ(status, 0);
}

TEST(Child, ThatSaysTooMuchIsEnded) {
  ChildBounds bounds;
  bounds.out = 1000;
  const auto end = shell("while :; do echo 0123456789; done", bounds);
  ASSERT_TRUE(end.ok());
  EXPECT_TRUE(end->too_much);
  EXPECT_FALSE(end->fine());
  EXPECT_LE(end->out.size(), 1000u);
}

TEST(Child, OfManyWordsOnStderrIsCutShortNotEnded) {
  ChildBounds bounds;
  bounds.err = 5;
  const auto end = shell("echo 0123456789 >&2; echo done", bounds);
  ASSERT_TRUE(end.ok());
  EXPECT_TRUE(end->fine());
  EXPECT_EQ(end->err, "01234");
  EXPECT_EQ(as_text(end->out), "done\n");
}

TEST(Child, ThatNeverEndsIsEnded) {
  ChildBounds bounds;
  bounds.wall = std::chrono::milliseconds(50);
  const auto end = shell("exec sleep 600", bounds);
  ASSERT_TRUE(end.ok());
  EXPECT_TRUE(end->too_late);
  EXPECT_TRUE(WIFSIGNALED(end->status));
}

TEST(Child, OfABoundedFileCannotWriteALargerOne) {
  const auto folder = ScratchFolder::make("test");
  ASSERT_TRUE(folder.ok());
  ChildBounds bounds;
  bounds.file_size = 1u << 10;
  // It sleeps first: the bound is set a moment after it has started.
  const auto end = shell("sleep 0.2; head -c 100000 /dev/zero > " + folder->at("big"), bounds);
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->fine());
  EXPECT_LE(std::filesystem::file_size(folder->at("big")), 1024u);
}

TEST(Child, ThatIsNoProgramIsAnError) {
  const auto end = run_child("/nonexistent", {"nonexistent"}, -1, {});
  ASSERT_FALSE(end.ok());
  EXPECT_NE(end.error().text().find("start /nonexistent"), std::string::npos);
}

TEST(Scratch, GoesWithItsOwner) {
  std::string path;
  {
    const auto folder = ScratchFolder::make("test");
    ASSERT_TRUE(folder.ok());
    path = folder->path();
    ASSERT_TRUE(write_file_atomically(folder->at("f"), as_bytes("x")).ok());
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace ferry
