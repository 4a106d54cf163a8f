// Better versions of a function that came over the wire, looked for in a process of its own.
#include "serve/upload_improver.h"

#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "host/fake_engine.h"

namespace ferry::serve {
namespace {

const Bytes kEmptyModule{0, 'a', 's', 'm', 1, 0, 0, 0};

bundle::Bundle reactor() {
  wasm::Record record;
  record.abi = wasm::Abi::kReactor;
  return host::fake_bundle(record);
}

// Each version that it finds tells by its digest what it was made of.
class Improving final : public Provider {
 public:
  std::string_view program() const override { return "test"; }
  void complain(const Error& error) const override { ADD_FAILURE() << error.text(); }
  Result<std::vector<Listed>> list(const Wanted&) override { return std::vector<Listed>(); }
  Result<engine::LoadedEngine> make_engine(engine::EngineOptions) override {
    return engine::LoadedEngine(std::make_unique<host::FakeEngine>(guest_));
  }
  Result<bundle::Bundle> bundle(std::size_t, const engine::Info&) override { return reactor(); }
  Result<std::optional<bundle::VerifyKey>> upload_key() override {
    return std::optional<bundle::VerifyKey>();
  }

  bool improves_uploads() const override { return improves_; }
  void adopt(function::Function function, bool provisional) override {
    adopted_ = std::move(function);
    provisional_ = provisional;
  }
  std::vector<serve::Search> searches() const override {
    std::vector<serve::Search> out;
    if (provisional_) out.push_back({0, Improvement::kCompiled});
    out.push_back({0, Improvement::kSnapshot});
    return out;
  }
  Result<Better> find_better(const serve::Search& search, const engine::EngineOptions&,
                             const bundle::MacKey& key) override {
    if (crashes_) {
      std::signal(SIGABRT, SIG_DFL);
      std::abort();
    }
    const bool snapshot = search.what == Improvement::kSnapshot;
    if (snapshot && !has_snapshot_) return Error{Code::kUnsupported, "no snapshot", ""};
    bundle::BundleInfo info = reactor().info;
    info.function_digest =
        fmt::format("{} of {}: {} bytes, {} ms", snapshot ? "snapshot" : "compiled", adopted_->name,
                    adopted_->wasm.size(), adopted_->manifest.limits.timeout.count());
    return Better{bundle::write_bundle(info, as_bytes("fake"), key), ""};
  }

  bool may_be_provisional(const function::Function&) const override { return quick_; }
  Result<engine::LoadedEngine> make_provisional_engine(
      const engine::EngineOptions& options) override {
    return make_engine(options);
  }
  Result<bundle::Bundle> provisional_bundle_of(const function::Function&,
                                               const engine::Info&) override {
    return reactor();
  }

  bool improves_ = true;
  bool quick_ = true;
  bool has_snapshot_ = true;
  bool crashes_ = false;
  host::FakeGuest guest_;

 private:
  std::optional<function::Function> adopted_;
  bool provisional_ = false;
};

class UploadImproverTest : public testing::Test {
 protected:
  void SetUp() override {
    provider_.guest_.exports["handle"] = [](wasi::Context&) { return engine::End{}; };
  }
  void TearDown() override {
    improver_.reset();
    while (waitpid(-1, nullptr, 0) > 0) {
    }
  }

  // Puts a version into service that came over the wire.
  void serve(std::string manifest, bool provisional) {
    auto made = UploadImprover::make(provider_, {}, false);
    ASSERT_TRUE(made.ok()) << made.error().text();
    improver_ = *std::move(made);
    const auto loaded = host_.load(reactor(), {"hello", {}, {}});
    ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    place_.emplace(*loaded, provisional);
    first_ = digest();
    const Status begun = improver_->begin({"hello", std::move(manifest), kEmptyModule}, {}, host_,
                                          *place_, provisional);
    ASSERT_TRUE(begun.ok()) << begun.error().text();
  }
  std::string digest() const { return host::digest_of(*place_->version()); }
  bool comes_to(const std::string& digest) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (this->digest() != digest && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return this->digest() == digest;
  }
  // Whether an event is answered, with a provisional version waiting for no other.
  host::Status answered() const {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event::ReadyEvent ready(event);
    return place_->invoke(ready, {}).status;
  }

  Improving provider_;
  host::FakeEngine engine_{provider_.guest_};
  host::Host host_{engine_, system_clock(), system_random()};
  std::optional<host::InService> place_;
  std::string first_;
  std::unique_ptr<UploadImprover> improver_;
};

TEST_F(UploadImproverTest, TheOtherProcessGetsTheFunctionAndItsManifest) {
  serve("[limits]\ntimeout = \"2s\"\n", false);
  EXPECT_TRUE(comes_to("snapshot of hello: 8 bytes, 2000 ms")) << digest();
  EXPECT_EQ(answered(), host::Status::kOk);
}

TEST_F(UploadImproverTest, NobodyWaitsForATrialLongerThanTenSeconds) {
  serve("[limits]\ntimeout = \"1h\"\n", false);
  EXPECT_TRUE(comes_to("snapshot of hello: 8 bytes, 10000 ms")) << digest();
}

TEST_F(UploadImproverTest, AProvisionalVersionIsCompiledFirst) {
  provider_.has_snapshot_ = false;
  serve("", true);
  EXPECT_TRUE(
      comes_to(fmt::format("compiled of hello: 8 bytes, {} ms",
                           std::min<std::int64_t>(function::Limits{}.timeout.count(), 10'000))))
      << digest();
}

TEST_F(UploadImproverTest, WithoutASnapshotItStaysAsItIs) {
  provider_.has_snapshot_ = false;
  serve("", false);
  waitpid(-1, nullptr, 0);
  EXPECT_EQ(digest(), first_);
  EXPECT_EQ(answered(), host::Status::kOk);
}

TEST_F(UploadImproverTest, ACrashOfTheOtherProcessLeavesAnInterpreterThatAnswers) {
  provider_.crashes_ = true;
  provider_.guest_.exports["handle"] = [](wasi::Context&) {
    engine::End end;
    end.kind = engine::End::Kind::kTrapped;  // which would wait for compiled code
    return end;
  };
  serve("", true);
  EXPECT_EQ(answered(), host::Status::kTrapped);
  EXPECT_EQ(digest(), first_);
}

TEST_F(UploadImproverTest, AProgramThatImprovesNothingStartsNoProcess) {
  provider_.improves_ = false;
  serve("", false);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(digest(), first_);
}

TEST_F(UploadImproverTest, AnInterpreterAnswersOnlyWhatMayBeRunTwice) {
  const auto made = UploadImprover::make(provider_, {}, false);
  ASSERT_TRUE(made.ok());
  const auto function = function::make_function("hello", kEmptyModule, {});
  ASSERT_TRUE(function.ok()) << function.error().text();
  EXPECT_TRUE((*made)->load_provisional(*function).ok());
  provider_.quick_ = false;
  EXPECT_EQ((*made)->load_provisional(*function).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace ferry::serve
