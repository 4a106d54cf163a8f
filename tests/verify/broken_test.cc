// verify is worth what it catches: adapters that are wrong in one way each, every one of which has
// to be found, and named; the right ones must pass.
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"
#include "bundle/store.h"
#include "emulators/list.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "function/function.h"
#include "tree.h"
#include "verify/run.h"

namespace ferry::verify {
namespace {

using platforms::Adapter;
using platforms::AdapterContext;
using platforms::Emulation;
using platforms::Emulator;
using platforms::EmulatorOptions;
using platforms::LogTap;
using platforms::Platform;
using testing::HasSubstr;

// Changes the answers of a right adapter, and what it logs.
struct Tampering {
  std::function<void(const http::Request&, http::Response&)> answer = [](const auto&, auto&) {};
  std::function<std::string(std::string)> log = [](std::string text) { return text; };
  bool twice = false;  // hands each request over twice
};

// Both forms of an adapter, around the one that the inner adapter has.
class Tampered {
 public:
  Tampered(Adapter inner, std::unique_ptr<LogTap> tap, int out, int err, Tampering how)
      : tap_(std::move(tap)),
        inner_(std::move(inner)),
        out_(out),
        err_(err),
        how_(std::move(how)) {}

  http::Service& http() { return *inner_.http; }

  void handle(const http::Request& request, http::Response& response) {
    if (how_.twice && request.path() != "/init") {
      http::Response first;
      inner_.http->handle(request, first);
    }
    inner_.http->handle(request, response);
    how_.answer(request, response);
    log();
  }

  serve::Answer answer(const serve::Delivery& delivery) {
    if (how_.twice) {
      inner_.deliveries->answer(delivery);
    }
    serve::Answer answer = inner_.deliveries->answer(delivery);
    http::Request request;
    http::Response response;
    response.body = std::move(answer.body);
    how_.answer(request, response);
    answer.body = std::move(response.body);
    log();
    return answer;
  }

 private:
  void log() {
    auto text = tap_->take();
    ASSERT_TRUE(text.ok());
    ASSERT_TRUE(write_all(out_, as_bytes(how_.log(std::move(text->out))), "out").ok());
    ASSERT_TRUE(write_all(err_, as_bytes(how_.log(std::move(text->err))), "err").ok());
  }

  std::unique_ptr<LogTap> tap_;
  Adapter inner_;
  int out_;
  int err_;
  Tampering how_;
};

class TamperedService final : public http::Service {
 public:
  explicit TamperedService(Tampered tampered) : tampered_(std::move(tampered)) {}
  int lane(const http::Request& request) override { return tampered_.http().lane(request); }
  void handle(const http::Request& request, http::Response& response) override {
    tampered_.handle(request, response);
  }

 private:
  Tampered tampered_;
};

class TamperedHandler final : public serve::DeliveryHandler {
 public:
  explicit TamperedHandler(Tampered tampered) : tampered_(std::move(tampered)) {}
  serve::Answer answer(const serve::Delivery& delivery) override {
    return tampered_.answer(delivery);
  }

 private:
  Tampered tampered_;
};

class BrokenPlatform final : public Platform {
 public:
  BrokenPlatform(const Platform& inner, Tampering how) : inner_(inner), how_(std::move(how)) {}
  const char* name() const override { return inner_.name(); }
  const char* summary() const override { return inner_.summary(); }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    FERRY_TRY(auto tap, LogTap::make());
    const int out = context.out;
    const int err = context.err;
    context.log = tap->writer();
    context.out = tap->out();
    context.err = tap->err();
    FERRY_TRY(Adapter adapter, inner_.make_adapter(std::move(context)));
    const bool over_http = adapter.http != nullptr;
    Tampered tampered(std::move(adapter), std::move(tap), out, err, how_);
    return over_http ? Adapter{std::make_unique<TamperedService>(std::move(tampered)), nullptr}
                     : Adapter{nullptr, std::make_unique<TamperedHandler>(std::move(tampered))};
  }

 private:
  const Platform& inner_;
  Tampering how_;
};

class BrokenEmulation final : public Emulation {
 public:
  BrokenEmulation(const Emulation& inner, Tampering how)
      : inner_(inner), broken_(inner.platform(), std::move(how)) {}
  const Platform& platform() const override { return broken_; }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    return inner_.make_emulator(adapter, std::move(options));
  }
  std::string lose(platforms::Observed& expected) const override { return inner_.lose(expected); }

 private:
  const Emulation& inner_;
  BrokenPlatform broken_;
};

class BrokenAdapter : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = in_build("functions/hello-c.wasm");
    auto function = function::load_function(path, "");
    if (!function.ok()) {
      GTEST_SKIP() << "no hello-c: " << function.error().text();
    }
    function_ = *std::move(function);
    auto engine = engine::load_engine("wasmtime", options_);
    if (!engine.ok()) {
      GTEST_SKIP() << engine.error().text();
    }
    engine_ = std::make_unique<engine::LoadedEngine>(*std::move(engine));
    char folder[] = "/tmp/ferry-broken-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    auto store = bundle::Store::open({folder_});
    ASSERT_TRUE(store.ok());
    auto bundle = store->get(
        function_, (*engine_)->info(),
        [&](ByteView prepared) {
          return engine::compile_in_child("wasmtime", options_, prepared, {});
        },
        nullptr);
    ASSERT_TRUE(bundle.ok()) << bundle.error().text();
    bundle_ = std::make_unique<bundle::Bundle>(*std::move(bundle));
    host_ = std::make_unique<host::Host>(**engine_, system_clock(), system_random());
  }
  void TearDown() override {
    host_.reset();
    bundle_.reset();
    if (!folder_.empty()) {
      std::filesystem::remove_all(folder_);
    }
  }

  // The first thing that is found to be wrong with the platform, or nothing.
  std::string found(const Emulation& inner, Tampering how) {
    const BrokenEmulation broken(inner, std::move(how));
    const std::vector<Side> sides = {{inner.platform().name(), &broken, {}}};
    const RunContext context{*host_,
                             [&](const CaseLimits& limits) {
                               host::LoadOptions load{function_.name, function_.manifest, {}};
                               auto& set = load.manifest.limits;
                               set.input = limits.input.value_or(set.input);
                               set.output = limits.output.value_or(set.output);
                               return host_->load(*bundle_, load);
                             },
                             sides};
    std::vector<std::string> notes;
    auto cases = load_cases(in_sources("tests/verify/cases/hello.toml"), notes);
    EXPECT_TRUE(cases.ok()) << cases.error().text();
    auto results = run_cases(context, *cases);
    EXPECT_TRUE(results.ok()) << results.error().text();
    for (const CaseResult& result : *results) {
      const SideResult& side = result.sides.front();
      if (side.state == State::kDiffers) {
        return fmt::format("{}: {}", result.name, side.difference->field);
      }
      if (side.state == State::kFailed) {
        return fmt::format("{}: {}", result.name, side.why);
      }
    }
    return "";
  }

  engine::EngineOptions options_;
  function::Function function_;
  std::unique_ptr<engine::LoadedEngine> engine_;
  std::unique_ptr<bundle::Bundle> bundle_;
  std::unique_ptr<host::Host> host_;
  std::string folder_;
};

const Emulation& emulation(const char* name) { return *platforms::find_emulation(name); }

const Emulation* const kAll[] = {&emulation("http"), &emulation("lambda"), &emulation("openwhisk")};

TEST_F(BrokenAdapter, RightOnesPass) {
  for (const Emulation* each : kAll) {
    EXPECT_EQ(found(*each, {}), "") << each->platform().name();
  }
}

TEST_F(BrokenAdapter, WrongContentTypeIsFound) {
  Tampering how;
  how.answer = [](const auto&, http::Response& response) {
    if (response.status == 200) {
      response.content_type = "text/html";
    }
  };
  EXPECT_THAT(found(emulation("http"), how), HasSubstr("content type"));
}

TEST_F(BrokenAdapter, TruncatedBodyIsFound) {
  Tampering how;
  how.answer = [](const http::Request& request, http::Response& response) {
    if (request.path() != "/init" && !response.body.empty()) {
      response.body.erase(response.body.size() - 1);
    }
  };
  for (const Emulation* each : kAll) {
    EXPECT_NE(found(*each, how), "") << each->platform().name();
  }
}

TEST_F(BrokenAdapter, LostLogLineIsFound) {
  Tampering how;
  how.log = [](const std::string& text) {
    // The sentinel stays: what is lost is the function's.
    return text.starts_with("XXX") ? text : text.substr(std::min(text.find('\n') + 1, text.size()));
  };
  for (const Emulation* each : kAll) {
    EXPECT_THAT(found(*each, how), HasSubstr("log")) << each->platform().name();
  }
}

TEST_F(BrokenAdapter, LogLineTwiceIsFound) {
  Tampering how;
  how.twice = true;
  for (const Emulation* each : kAll) {
    EXPECT_NE(found(*each, how), "") << each->platform().name();
  }
}

TEST_F(BrokenAdapter, MissingSentinelIsFound) {
  Tampering how;
  how.log = [](const std::string& text) { return text.substr(0, text.find("XXX")); };
  EXPECT_THAT(found(emulation("openwhisk"), how), HasSubstr("sentinel"));
}

TEST_F(BrokenAdapter, SwallowedErrorIsFound) {
  Tampering how;
  how.answer = [](const auto&, http::Response& response) {
    const bool error =
        response.status >= 500 || response.body.find("urn:ferry") != std::string::npos;
    if (error) {
      response = {};
      response.content_type = "application/json";
      response.body = "{}";
    }
  };
  EXPECT_THAT(found(emulation("http"), how), HasSubstr("status"));
  EXPECT_THAT(found(emulation("openwhisk"), how), HasSubstr("status"));
  EXPECT_NE(found(emulation("lambda"), how), "");
}

TEST_F(BrokenAdapter, LimitThatIsOffByOneIsFound) {
  Tampering how;
  how.answer = [](const http::Request& request, http::Response& response) {
    if (request.body.size() == 31) {  // what the case "just as much as may come in" sends
      response = {};
      response.status = 413;
      response.content_type = "application/problem+json";
      response.body = R"({"type":"urn:ferry:outcome:refused","outcome":"refused","detail":"x"})";
    }
  };
  EXPECT_THAT(found(emulation("http"), how), HasSubstr("just as much as may come in"));
}

TEST_F(BrokenAdapter, WrongHttpStatusIsFound) {
  Tampering how;
  how.answer = [](const auto&, http::Response& response) {
    response.status = response.status == 502 ? 500 : response.status;
  };
  EXPECT_EQ(found(emulation("http"), how), "more than may go out: HTTP status");
}

TEST_F(BrokenAdapter, HeaderOfItsOwnIsFound) {
  Tampering how;
  how.answer = [](const auto&, http::Response& response) {
    response.fields.emplace_back("X-Powered-By", "us");
  };
  EXPECT_THAT(found(emulation("http"), how), HasSubstr("header x-powered-by"));
}

}  // namespace
}  // namespace ferry::verify
