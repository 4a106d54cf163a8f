// The runtime's loop, against the emulator of the Runtime API and against servers that answer
// what they must not. What is invoked stands in for the adapter: a DeliveryHandler.
#include "platforms/lambda/runtime.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "http/listener.h"
#include "http/server.h"
#include "platforms/lambda/adapter.h"
#include "platforms/lambda/emulator/emulator.h"
#include "platforms/lambda/runtime_api.h"

namespace ferry::platforms::lambda {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Function final : public serve::DeliveryHandler {
 public:
  using Body = std::function<void(const serve::Delivery&, serve::Answer&)>;
  explicit Function(Body body) : body_(std::move(body)) {}
  serve::Answer answer(const serve::Delivery& delivery) override {
    serve::Answer answer;
    body_(delivery, answer);
    return answer;
  }

 private:
  Body body_;
};

// A loop over `function` on a thread of its own, until it is stopped or ends by itself.
class Running {
 public:
  Running(const std::string& api, serve::DeliveryHandler& function, unsigned concurrency = 1)
      : stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    RuntimeOptions options;
    options.api = api;
    options.concurrency = concurrency;
    thread_ = std::thread([this, options, &function] {
      result_ = run_loop(options, function, system_clock(), stop_.get());
    });
  }
  ~Running() {
    if (thread_.joinable()) {
      static_cast<void>(stop().ok());
    }
  }
  Status stop() {
    std::uint64_t one = 1;
    EXPECT_EQ(write(stop_.get(), &one, sizeof one), 8);
    return wait();
  }
  Status wait() {
    thread_.join();
    return result_;
  }

 private:
  Fd stop_;
  Status result_ = Done{};
  std::thread thread_;
};

InvokeCall call(std::string payload) {
  InvokeCall out;
  out.payload = std::move(payload);
  return out;
}

TEST(Loop, AnswersInvocationsOneAfterTheOther) {
  auto api = RuntimeEmulator::start();
  ASSERT_TRUE(api.ok());
  Function echo([](const serve::Delivery& delivery, serve::Answer& answer) {
    answer.body = delivery.payload;
  });
  Running running((*api)->address(), echo);
  for (int i = 0; i < 500; ++i) {
    std::string payload = "{\"n\":" + std::to_string(i) + ",\"text\":\"\xE2\x82\xAC\"}";
    Invoked got = (*api)->invoke(call(payload));
    ASSERT_EQ(got.end, Invoked::End::kResponse);
    ASSERT_EQ(got.body, payload);
  }
  EXPECT_TRUE(running.stop().ok());
  EXPECT_THAT((*api)->violations(), IsEmpty());
}

TEST(Loop, AnErrorGoesWithItsTypeAndTheNextInvocationIsServed) {
  auto api = RuntimeEmulator::start();
  Function function([](const serve::Delivery& delivery, serve::Answer& answer) {
    if (delivery.payload == "1") {
      Report report = error_report("Function.Trapped", "as asked");
      answer.body = report.body;
      answer.error_type = report.error_type;
    } else {
      answer.body = "null";
    }
  });
  Running running((*api)->address(), function);
  Invoked first = (*api)->invoke(call("1"));
  EXPECT_EQ(first.end, Invoked::End::kError);
  EXPECT_EQ(first.error_type, "Function.Trapped");
  EXPECT_THAT(first.body, HasSubstr(R"("errorMessage":"as asked")"));
  EXPECT_EQ((*api)->invoke(call("2")).end, Invoked::End::kResponse);
  EXPECT_THAT((*api)->violations(), IsEmpty());
}

TEST(Loop, GivesTheFunctionWhatLambdaSays) {
  auto api = RuntimeEmulator::start();
  std::string arn;
  std::string trace;
  std::string deadline;
  Function function([&](const serve::Delivery& delivery, serve::Answer& answer) {
    arn = delivery.attribute(kFunctionArn);
    trace = delivery.attribute(kTraceId);
    deadline = delivery.attribute(kDeadline);
    answer.body = "null";
  });
  Running running((*api)->address(), function);
  InvokeCall with = call("{}");
  with.trace_id = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1";
  (*api)->invoke(with);
  EXPECT_EQ(arn, with.function_arn);
  EXPECT_EQ(trace, with.trace_id);
  EXPECT_GT(std::stoll(deadline), 1'600'000'000'000);
}

TEST(Loop, TellsApartAnAnswerThatIsTooLateAndGoesOn) {
  auto api = RuntimeEmulator::start();
  std::atomic<bool> hold{true};
  Function function([&](const serve::Delivery&, serve::Answer& answer) {
    hold.wait(true);
    answer.body = "null";
  });
  Running running((*api)->address(), function);
  InvokeCall quick = call("{}");
  quick.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ((*api)->invoke(quick).end, Invoked::End::kTimeout);
  hold = false;
  hold.notify_all();
  EXPECT_EQ((*api)->invoke(call("{}")).end, Invoked::End::kResponse);
}

TEST(Loop, HoldsAsManyInvocationsAsItWasToldAtOnce) {
  constexpr unsigned kAtOnce = 4;
  auto api = RuntimeEmulator::start(kAtOnce);
  std::atomic<unsigned> inside{0};
  Function function([&](const serve::Delivery&, serve::Answer& answer) {
    ++inside;
    inside.notify_all();
    for (unsigned now = inside; now < kAtOnce; now = inside) {
      inside.wait(now);  // until all four are here
    }
    answer.body = "null";
  });
  Running running((*api)->address(), function, kAtOnce);
  std::vector<std::jthread> callers;
  std::atomic<int> good{0};
  for (unsigned i = 0; i < kAtOnce; ++i) {
    callers.emplace_back(
        [&] { good += (*api)->invoke(call("{}")).end == Invoked::End::kResponse ? 1 : 0; });
  }
  callers.clear();
  EXPECT_EQ(good, 4);
  EXPECT_TRUE(running.stop().ok());
  EXPECT_THAT((*api)->violations(), IsEmpty());
}

TEST(Loop, EndsWhenNextFails) {
  auto api = RuntimeEmulator::start();
  Function function([](const serve::Delivery&, serve::Answer&) {});
  Running running((*api)->address(), function, 3);
  (*api)->close();
  Status ended = running.wait();
  ASSERT_FALSE(ended.ok());
}

TEST(Emulator, HandsNothingToARuntimeThatIsNoMore) {
  auto api = RuntimeEmulator::start();
  ASSERT_TRUE(api.ok());
  Function first([](const serve::Delivery&, serve::Answer& answer) { answer.body = "1"; });
  Function second([](const serve::Delivery&, serve::Answer& answer) { answer.body = "2"; });
  Running before((*api)->address(), first);
  EXPECT_EQ((*api)->invoke(call("0")).body, "1");
  while ((*api)->waiting() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_TRUE(before.stop().ok());  // its last /next stays with the emulator, as after a crash
  (*api)->reset();
  Running after((*api)->address(), second);
  EXPECT_EQ((*api)->invoke(call("0")).body, "2");
  EXPECT_THAT((*api)->violations(), IsEmpty());
}

TEST(Loop, EndsWhenNobodyListens) {
  Function function([](const serve::Delivery&, serve::Answer&) {});
  Running running("127.0.0.1:1", function);
  EXPECT_FALSE(running.wait().ok());
}

// A Runtime API that the test plays, until end().
class PlayedApi : public http::Service {
 public:
  PlayedApi() {
    auto listeners = http::listen_on("127.0.0.1:0", 1);
    address = listeners->address;
    http::ServerOptions options;
    options.lanes = {{4}};
    server_ = std::move(*http::Server::make(options, *this));
    EXPECT_TRUE(server_->listen(std::move(listeners->sockets[0])).ok());
    thread_ = std::thread([this] { EXPECT_TRUE(server_->run().ok()); });
  }
  int lane(const http::Request&) override { return 0; }
  std::string address;

 protected:
  // By the destructor of the class that answers: no request comes after it.
  void end() {
    server_->stop();
    thread_.join();
  }

 private:
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

// One that answers every call the same way.
class WrongApi final : public PlayedApi {
 public:
  explicit WrongApi(http::Response always) : always_(std::move(always)) {}
  ~WrongApi() override { end(); }
  void handle(const http::Request&, http::Response& response) override { response = always_; }

 private:
  http::Response always_;
};

http::Response next_with(std::string id) {
  http::Response out;
  out.fields = {{"Lambda-Runtime-Aws-Request-Id", std::move(id)}};
  out.body = "{}";
  return out;
}

TEST(Loop, EndsWhereTheApiAnswersWhatItMustNot) {
  http::Response not_found;
  not_found.status = 404;
  http::Response nothing;
  for (const http::Response& always : {not_found, nothing, next_with("../../x"), next_with("a b"),
                                       next_with(std::string(300, 'a'))}) {
    WrongApi api(always);
    int invoked = 0;
    Function function([&](const serve::Delivery&, serve::Answer& answer) {
      ++invoked;
      answer.body = "null";
    });
    Running running(api.address, function);
    EXPECT_FALSE(running.wait().ok());
    EXPECT_EQ(invoked, 0);
  }
}

// Hands over one event, and never answers what is posted.
class Hanging final : public PlayedApi {
 public:
  ~Hanging() override {
    release_.set_value();
    end();
  }
  void handle(const http::Request& request, http::Response& response) override {
    if (request.method == "GET") {
      response = next_with("a");
      return;
    }
    posted.set_value();
    released_.wait();
  }
  std::promise<void> posted;

 private:
  std::promise<void> release_;
  std::shared_future<void> released_{release_.get_future()};
};

// Fault R12: SIGTERM was not obeyed while the Runtime API left a response unanswered.
TEST(Loop, AnApiThatHangsIsLeftSoonAfterTheOrderToStop) {
  Hanging api;
  Function function([](const serve::Delivery&, serve::Answer& answer) { answer.body = "null"; });
  Running running(api.address, function);
  api.posted.get_future().wait();
  const auto start = std::chrono::steady_clock::now();
  static_cast<void>(running.stop().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Emulator, SeesWhatARuntimeMustNotDo) {
  auto emulator = RuntimeEmulator::start();
  auto api = RuntimeApi::at((*emulator)->address(), -1);
  ASSERT_TRUE(api.ok());
  EXPECT_EQ(*api->respond("nobody", "{}"), 400);
  std::jthread caller([&] { (*emulator)->invoke(call("{}")); });
  auto next = api->next();
  ASSERT_TRUE(next.ok());
  std::string id;
  for (const auto& [name, value] : (*next)->fields) {
    id = name == kRequestId ? value : id;
  }
  EXPECT_FALSE(api->next().ok());  // with an invocation in hand
  EXPECT_EQ(*api->fail_init("A.B", R"({"errorMessage":"","errorType":"A.B","stackTrace":[]})"),
            403);
  EXPECT_EQ(*api->fail(id, "nonsense", "{}"), 202);
  EXPECT_EQ(*api->respond(id, "{}"), 403);
  EXPECT_THAT((*emulator)->violations(),
              ElementsAre("an answer to an unknown id 'nobody'",
                          "/next was called while an invocation is not answered",
                          "an init error after /next",
                          "an error's type is 'nonsense', which is not Category.Reason",
                          "an error whose body is not {errorMessage, errorType, stackTrace}",
                          "an invocation was answered twice"));
}

TEST(Emulator, AResponsePast6MiBIsRefusedAndTheCallerSeesIt) {
  auto emulator = RuntimeEmulator::start();
  Function big([](const serve::Delivery& delivery, serve::Answer& answer) {
    answer.body = std::string(delivery.payload == "1" ? kMaxAnswer + 1 : kMaxAnswer, '1');
  });
  Running running((*emulator)->address(), big);
  EXPECT_EQ((*emulator)->invoke(call("1")).error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ((*emulator)->invoke(call("2")).body.size(), kMaxAnswer);
}

TEST(Init, AnErrorIsToldInTheFormLambdaWants) {
  auto emulator = RuntimeEmulator::start();
  RuntimeOptions options;
  options.api = (*emulator)->address();
  Status failed = init_failed(options, Error{Code::kNotFound, "no bundle", "pack one"});
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ((*emulator)->init_error(),
            R"--({"errorMessage":"no bundle (pack one)","errorType":"Host.InitFailed",)--"
            R"("stackTrace":[]})");
  EXPECT_THAT((*emulator)->violations(), IsEmpty());
}

class AtClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)); }
  Monotonic monotonic() const override { return Monotonic(std::chrono::seconds(100)); }
  void sleep_until(Monotonic) const override {}
};

TEST(Deadline, IsLambdasLessAMargin) {
  AtClock clock;
  auto ms = [&](const char* text) {
    auto deadline = deadline_of(text, clock);
    return deadline ? std::chrono::duration_cast<std::chrono::milliseconds>(*deadline -
                                                                            clock.monotonic())
                          .count()
                    : -1;
  };
  EXPECT_EQ(ms("1700000003000"), 2800);
  EXPECT_EQ(ms("1700000000100"), 90);
  EXPECT_EQ(ms("1700000000000"), 0);
  EXPECT_EQ(ms("1"), 0);
  EXPECT_EQ(ms(""), -1);
  EXPECT_EQ(ms("soon"), -1);
  EXPECT_EQ(ms("-5"), -1);
  EXPECT_EQ(ms("9223372036854775807"), -1);
  EXPECT_EQ(ms("99999999999999999999999"), -1);
}

RuntimeOptions options_of(std::map<std::string, const char*> env, bool* ok) {
  auto options = runtime_options([&](const char* name) {
    auto found = env.find(name);
    return found == env.end() ? nullptr : found->second;
  });
  *ok = options.ok();
  return options.ok() ? *options : RuntimeOptions{};
}

TEST(Options, ComeFromTheEnvironment) {
  bool ok = false;
  RuntimeOptions options = options_of({{"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"},
                                       {"_HANDLER", "orders"},
                                       {"AWS_LAMBDA_MAX_CONCURRENCY", "4"},
                                       {"AWS_LAMBDA_LOG_FORMAT", "Text"}},
                                      &ok);
  ASSERT_TRUE(ok);
  EXPECT_EQ(options.handler, "orders");
  EXPECT_EQ(options.concurrency, 4u);
  EXPECT_EQ(options.log_format, serve::LogFormat::kText);
  options_of({}, &ok);
  EXPECT_FALSE(ok);
  for (const char* junk : {"0", "-1", "many", "4 ", "99999999999"}) {
    options_of({{"AWS_LAMBDA_RUNTIME_API", "a:1"}, {"AWS_LAMBDA_MAX_CONCURRENCY", junk}}, &ok);
    EXPECT_FALSE(ok) << junk;
  }
}

TEST(Address, IsOnePortOnThisMachineOrARefusal) {
  for (const char* good : {"127.0.0.1:9001", "localhost:1", "[::1]:80", "169.254.100.1:9001"}) {
    EXPECT_TRUE(RuntimeApi::at(good, -1).ok()) << good;
  }
  for (const char* bad : {"", "9001", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999",
                          "example.com:80", "127.0.0.1:80/x", ":80"}) {
    EXPECT_FALSE(RuntimeApi::at(bad, -1).ok()) << bad;
  }
}

}  // namespace
}  // namespace ferry::platforms::lambda
