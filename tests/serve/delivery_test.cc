// The loop between sources and an adapter, with sources that fail where they are told to.
#include "serve/delivery.h"

#include <atomic>
#include <csignal>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

class Echo final : public DeliveryHandler {
 public:
  Answer answer(const Delivery& delivery) override { return {delivery.payload, "", "", false}; }
};

// Hands out what is left of a count that all sources share, then waits to be stopped.
class CountedSource final : public Source {
 public:
  struct Shared {
    std::atomic<int> left{0};
    std::atomic<int> settled{0};
    std::atomic<int> fails_at{-1};  // settling that many fails
    Fd stop{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    bool waits = false;  // for stop, when nothing is left
  };
  explicit CountedSource(Shared& shared) : shared_(shared) {}

  Result<std::optional<Delivery>> next() override {
    if (shared_.left.fetch_sub(1) <= 0) {
      if (shared_.waits) {
        pollfd stopped{shared_.stop.get(), POLLIN, 0};
        poll(&stopped, 1, -1);
      }
      return std::optional<Delivery>();
    }
    Delivery delivery;
    delivery.id = "1";
    delivery.payload = "payload";
    return std::optional(std::move(delivery));
  }
  Status settle(const Delivery& delivery, const Answer& answer) override {
    EXPECT_EQ(answer.body, delivery.payload);
    if (++shared_.settled == shared_.fails_at) {
      return Error{Code::kIo, "the platform is gone", ""};
    }
    return Done{};
  }

 private:
  Shared& shared_;
};

Status run(CountedSource::Shared& shared, unsigned threads) {
  Echo echo;
  const auto make = [&]() -> Result<std::unique_ptr<Source>> {
    return std::unique_ptr<Source>(std::make_unique<CountedSource>(shared));
  };
  return run_source(make, echo, threads, shared.stop.get());
}

TEST(SourceTest, EachDeliveryIsSettledOnce) {
  for (unsigned threads : {1u, 4u}) {
    CountedSource::Shared shared;
    shared.left = 1000;
    EXPECT_TRUE(run(shared, threads).ok());
    EXPECT_EQ(shared.settled, 1000);
  }
}

TEST(SourceTest, AnErrorOfOneEndsTheOthersThatWait) {
  CountedSource::Shared shared;
  shared.left = 10;
  shared.fails_at = 10;
  shared.waits = true;
  const Status ended = run(shared, 4);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().message, "the platform is gone");
}

TEST(SourceTest, WithoutASourceNothingRuns) {
  Echo echo;
  const auto none = []() -> Result<std::unique_ptr<Source>> {
    return Error{Code::kUsage, "no address", ""};
  };
  EXPECT_EQ(run_source(none, echo, 3, -1).error().message, "no address");
}

TEST(SourceTest, ASignalMakesTheDescriptorReadable) {
  auto stop = stop_on_signal(true);
  ASSERT_TRUE(stop.ok());
  pollfd watched{stop->get(), POLLIN, 0};
  EXPECT_EQ(poll(&watched, 1, 0), 0);
  raise(SIGINT);
  EXPECT_EQ(poll(&watched, 1, 0), 1);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

TEST(DeliveryTest, AttributesAreFoundByName) {
  Delivery delivery;
  delivery.attributes = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(delivery.attribute("a"), "1");
  EXPECT_EQ(delivery.attribute("c"), "");
}

}  // namespace
}  // namespace ferry::serve
