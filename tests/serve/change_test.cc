// Changes on their way from whoever makes them to the workers.
#include "serve/change.h"

#include <array>
#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bundle/bundle.h"

namespace ferry::serve {
namespace {

Change change_of(std::uint32_t function, std::string words, std::string_view bytes = "") {
  Change change{function, Improvement::kSnapshot, std::move(words), {}};
  if (!bytes.empty()) change.bundle = *bundle::seal_bundle(as_bytes(bytes));
  return change;
}

std::string bytes_of(const Change& change) {
  std::string out(64, '\0');
  const ssize_t got = pread(change.bundle.get(), out.data(), out.size(), 0);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

TEST(ChangeTest, ArrivesAsItWasSent) {
  auto pipe = make_message_pipe();
  ASSERT_TRUE(pipe.ok());
  ASSERT_TRUE(send_change(pipe->sender.get(), change_of(3, "made", "a bundle")).ok());
  ASSERT_TRUE(send_change(pipe->sender.get(), change_of(4, "")).ok());
  auto first = receive_change(pipe->receiver.get());
  ASSERT_TRUE(first.ok() && *first);
  EXPECT_EQ((*first)->function, 3U);
  EXPECT_EQ((*first)->what, Improvement::kSnapshot);
  EXPECT_EQ((*first)->words, "made");
  EXPECT_EQ(bytes_of(**first), "a bundle");
  auto second = receive_change(pipe->receiver.get());
  ASSERT_TRUE(second.ok() && *second);
  EXPECT_EQ((*second)->function, 4U);
  EXPECT_EQ((*second)->words, "");
  EXPECT_FALSE((*second)->bundle.valid());
  pipe->sender.reset();
  auto none = receive_change(pipe->receiver.get());
  EXPECT_TRUE(none.ok() && !*none);
}

TEST(ChangeTest, WordsWithoutEndAreCut) {
  auto pipe = make_message_pipe();
  ASSERT_TRUE(send_change(pipe->sender.get(), change_of(0, std::string(1u << 20, 'x'))).ok());
  auto got = receive_change(pipe->receiver.get());
  ASSERT_TRUE(got.ok() && *got);
  EXPECT_EQ((*got)->words, std::string(16u << 10, 'x'));
}

TEST(ChangeTest, WhatIsNoChangeIsInvalid) {
  auto pipe = make_message_pipe();
  ASSERT_EQ(send(pipe->sender.get(), "ab", 2, 0), 2);
  EXPECT_EQ(receive_change(pipe->receiver.get()).error().code, Code::kInvalid);
  const std::array<std::uint32_t, 2> unknown{0, 99};
  ASSERT_EQ(send(pipe->sender.get(), unknown.data(), sizeof unknown, 0), 8);
  EXPECT_EQ(receive_change(pipe->receiver.get()).error().code, Code::kInvalid);
  const std::string endless(128u << 10, 'x');
  ASSERT_EQ(send(pipe->sender.get(), endless.data(), endless.size(), 0),
            static_cast<ssize_t>(endless.size()));
  EXPECT_EQ(receive_change(pipe->receiver.get()).error().code, Code::kInvalid);
}

TEST(ChangeTest, AFullPipeIsBusyAndDoesNotBlock) {
  auto pipe = make_message_pipe();
  Status sent = Done{};
  for (int i = 0; i < 100'000 && sent.ok(); ++i) {
    sent = send_change(pipe->sender.get(), change_of(0, std::string(1024, 'x')));
  }
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, Code::kBusy);
}

TEST(ChangesTest, EveryWorkerIsTold) {
  auto changes = Changes::make(2, 2);
  ASSERT_TRUE(changes.ok());
  ASSERT_TRUE(changes->publish(change_of(1, "b", "version")).ok());
  // As in a worker that was forked before: it has read nothing yet, and adopts nothing twice.
  auto adopted = changes->adopt(1);
  ASSERT_EQ(adopted.before.size(), 1U);
  EXPECT_EQ(adopted.before[0].function, 1U);
  EXPECT_EQ(bytes_of(adopted.before[0]), "version");
  auto more = receive_change(adopted.receiver.get());
  EXPECT_TRUE(more.ok() && !*more);
}

TEST(ChangesTest, OfOneFunctionTheLastCounts) {
  auto changes = Changes::make(1, 1);
  ASSERT_TRUE(changes->publish(change_of(0, "1", "first")).ok());
  ASSERT_TRUE(changes->publish(change_of(0, "2", "second")).ok());
  auto adopted = changes->adopt(0);
  ASSERT_EQ(adopted.before.size(), 1U);
  EXPECT_EQ(bytes_of(adopted.before[0]), "second");
}

TEST(ChangeReceiverTest, AppliesInOrderUntilItGoes) {
  auto pipe = make_message_pipe();
  std::mutex mutex;
  std::condition_variable grown;
  std::vector<std::string> applied;
  auto receiver = ChangeReceiver::make(pipe->receiver.get(), [&](Change change) {
    const std::lock_guard lock(mutex);
    applied.push_back(change.words);
    grown.notify_all();
  });
  ASSERT_TRUE(receiver.ok());
  for (const char* words : {"a", "b", "c"}) {
    ASSERT_TRUE(send_change(pipe->sender.get(), change_of(0, words)).ok());
  }
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(
        grown.wait_for(lock, std::chrono::seconds(30), [&] { return applied.size() == 3; }));
  }
  receiver->reset();
  ASSERT_TRUE(send_change(pipe->sender.get(), change_of(0, "late")).ok());
  EXPECT_THAT(applied, testing::ElementsAre("a", "b", "c"));
}

TEST(ChangeReceiverTest, EndsWhereNobodyIsLeftToSend) {
  auto pipe = make_message_pipe();
  auto receiver = ChangeReceiver::make(pipe->receiver.get(), [](const Change&) {});
  pipe->sender.reset();
  receiver->reset();
}

}  // namespace
}  // namespace ferry::serve
