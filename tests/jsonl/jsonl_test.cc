// Lines in, outcomes out: the source on real pipes, the adapter on a fake engine.
#include "platforms/jsonl/jsonl.h"

#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/fake_engine.h"
#include "platforms/jsonl/line_source.h"

namespace ferry::platforms::jsonl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Pipe {
 public:
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    out = Fd(ends[0]);
    in = Fd(ends[1]);
  }
  void write(std::string_view text) const {
    ASSERT_EQ(::write(in.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string read() {
    in.reset();
    const auto bytes = read_all(out.get(), 1u << 20, "pipe");
    return std::string(as_text(*bytes));
  }
  Fd in;
  Fd out;
};

class LineSourceTest : public testing::Test {
 protected:
  LineSource source(std::size_t max_line = 100) {
    return {input_.out.get(), output_.in.get(), stop_.get(), max_line, system_clock()};
  }
  std::vector<std::string> all_lines(LineSource& source) {
    std::vector<std::string> lines;
    for (;;) {
      auto next = source.next();
      EXPECT_TRUE(next.ok()) << next.error().text();
      if (!next.ok() || !*next) return lines;
      lines.push_back((*next)->id + " " + (*next)->payload);
    }
  }

  Pipe input_;
  Pipe output_;
  Fd stop_{eventfd(0, EFD_CLOEXEC)};
};

TEST_F(LineSourceTest, EachLineIsADeliveryAndTheLastNeedsNoEnd) {
  input_.write("{\"a\":1}\r\n\n[2]\n3");
  input_.in.reset();
  LineSource lines = source();
  EXPECT_THAT(all_lines(lines), ElementsAre("line-1 {\"a\":1}", "line-3 [2]", "line-4 3"));
  EXPECT_FALSE((*lines.next()).has_value());  // and again nothing
}

TEST_F(LineSourceTest, LinesMayComeInPieces) {
  LineSource lines = source();
  input_.write("{\"a\"");
  std::jthread later([&] {
    usleep(20'000);
    input_.write(":1}\n");
  });
  EXPECT_EQ((*lines.next())->payload, "{\"a\":1}");
}

TEST_F(LineSourceTest, ALineWithoutABoundIsAnError) {
  input_.write(std::string(1000, 'x'));
  LineSource lines = source(100);
  auto next = lines.next();
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.error().code, Code::kLimit);
  EXPECT_THAT(next.error().message, HasSubstr("line 1 "));
}

TEST_F(LineSourceTest, ToldToStopItTakesNoMore) {
  LineSource lines = source();
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(stop_.get(), &one, sizeof one), 8);
  auto next = lines.next();
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(next->has_value());
}

TEST_F(LineSourceTest, SettlingIsALineOfOutput) {
  LineSource lines = source();
  ASSERT_TRUE(lines.settle({}, {"{}", "", "", false}).ok());
  EXPECT_EQ(output_.read(), "{}\n");
}

class JsonlAdapterTest : public testing::Test {
 protected:
  void SetUp() override {
    guest_.exports["handle"] = [this](wasi::Context& context) {
      read_ = host::read_stdin(context);
      host::write_to(context, 1, "[1]");
      return engine::End{};
    };
    wasm::Record record;
    record.abi = wasm::Abi::kReactor;
    auto loaded = host_.load(host::fake_bundle(record), {"fake", {}, {}});
    ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    adapter_ = std::make_unique<JsonlAdapter>(
        AdapterContext{host_, {*loaded}, system_clock(), system_random()});
  }
  serve::Answer answer(std::string line) {
    serve::Delivery delivery;
    delivery.id = "line-1";
    delivery.payload = std::move(line);
    delivery.arrival = system_clock().monotonic();
    return adapter_->answer(delivery);
  }

  host::FakeGuest guest_;
  host::FakeEngine engine_{guest_};
  host::Host host_{engine_, system_clock(), system_random()};
  std::unique_ptr<JsonlAdapter> adapter_;
  std::string read_;
};

TEST_F(JsonlAdapterTest, JsonIsTheDataOfAnEvent) {
  const serve::Answer answered = answer(R"({"name":"Ada"})");
  EXPECT_EQ(read_, R"({"name":"Ada"})");
  EXPECT_EQ(answered.error_type, "");
  EXPECT_THAT(answered.body, HasSubstr(R"("status":"ok")"));
  EXPECT_EQ(answered.body.find('\n'), std::string::npos);
}

TEST_F(JsonlAdapterTest, ACloudEventIsItself) {
  answer(R"({"specversion":"1.0","id":"7","source":"/s","type":"t","data":{"n":1}})");
  EXPECT_EQ(read_, R"({"n":1})");
  const serve::Answer invalid = answer(R"({"specversion":"1.0","id":"7"})");
  EXPECT_EQ(invalid.error_type, "refused");
}

TEST_F(JsonlAdapterTest, WhatIsNoJsonIsRefusedAndAFaultIsAnAnswer) {
  EXPECT_EQ(answer("no JSON").error_type, "refused");
  guest_.exports["handle"] = [](wasi::Context&) {
    return engine::End{engine::End::Kind::kTrapped, 0, "unreachable", ""};
  };
  EXPECT_EQ(answer("1").error_type, "trapped");
}

}  // namespace
}  // namespace ferry::platforms::jsonl
