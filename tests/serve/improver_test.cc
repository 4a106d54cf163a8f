// Looking for better versions in a process of its own, whatever becomes of that.
#include "serve/improver.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

// What each function's search comes to.
class Searching final : public Provider {
 public:
  using Find = std::function<Result<Better>()>;
  explicit Searching(std::vector<Find> searches) : searches_(std::move(searches)) {}
  std::string_view program() const override { return "test"; }
  void complain(const Error&) const override {}
  Result<std::vector<Listed>> list(const Wanted&) override { return std::vector<Listed>(); }
  Result<engine::LoadedEngine> make_engine(engine::EngineOptions) override { return none(); }
  Result<bundle::Bundle> bundle(std::size_t, const engine::Info&) override { return none(); }
  Result<std::optional<bundle::VerifyKey>> upload_key() override { return none(); }
  std::vector<serve::Search> searches() const override {
    std::vector<serve::Search> out;
    for (std::size_t i = 0; i < searches_.size(); ++i) out.push_back({i, Improvement::kSnapshot});
    return out;
  }
  Result<Better> find_better(const serve::Search& search, const engine::EngineOptions&,
                             const bundle::MacKey& key) override {
    EXPECT_EQ(key.bytes[0], 7);
    EXPECT_EQ(search.what, Improvement::kSnapshot);
    return searches_[search.function]();
  }

 private:
  static Error none() { return {Code::kUnsupported, "not in this test", ""}; }
  std::vector<Find> searches_;
};

Result<Provider::Better> found() { return Provider::Better{Bytes{'b', 'u', 'n'}, "it is better"}; }
Result<Provider::Better> refused() { return Error{Code::kUnsupported, "it is good as it is", ""}; }
[[noreturn]] Result<Provider::Better> crash() {
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}
Result<Provider::Better> sleep_long() {
  std::this_thread::sleep_for(std::chrono::seconds(600));
  return found();
}

struct Found {
  std::size_t function;
  std::string words;
  bool has_bundle;
  bool operator==(const Found&) const = default;
};

// The supervisor's loop, until `count` were found or nothing more can be.
std::vector<Found> search(Searching& provider, std::size_t count,
                          std::chrono::seconds longest = std::chrono::seconds(60),
                          const std::string& root = "") {
  std::vector<Found> all;
  ImproverOptions options;
  options.key.bytes.fill(7);
  options.longest = longest;
  options.root = root;
  Improver improver(provider, options, [&](const Change& change) {
    all.push_back({change.function, change.words, change.bundle.valid()});
  });
  improver.start([] {});
  while (all.size() < count && improver.fd() >= 0) {
    pollfd watched{improver.fd(), POLLIN, 0};
    poll(&watched, 1, 20);
    improver.step();
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) improver.on_end(pid, status);
  }
  improver.stop();
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  return all;
}

TEST(ImproverTest, TellsOfEachFunctionInTurn) {
  Searching provider({found, refused, found});
  EXPECT_THAT(search(provider, 3), testing::ElementsAre(Found{0, "it is better", true},
                                                        Found{1, "it is good as it is", false},
                                                        Found{2, "it is better", true}));
}

TEST(ImproverTest, NoneIsMadeWhereItCouldEndTheWholeContainer) {
  char folder[] = "/tmp/ferry-improver-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::filesystem::path root = folder;
  std::filesystem::create_directories(root / "proc/self");
  std::filesystem::create_directories(root / "sys/fs/cgroup");
  std::ofstream(root / "proc/self/cgroup") << "0::/\n";
  std::ofstream(root / "sys/fs/cgroup/memory.oom.group") << "1\n";
  std::ofstream(root / "sys/fs/cgroup/memory.max") << "268435456\n";
  Searching provider({found});
  EXPECT_THAT(
      search(provider, 1, std::chrono::seconds(60), folder),
      testing::ElementsAre(
          Found{0,
                "no snapshot: making one may take 512 MiB, memory is limited to 256 MiB, and where "
                "it runs out all processes are ended (memory.oom.group)",
                false}));
  std::ofstream(root / "sys/fs/cgroup/memory.max") << "1073741824\n";
  EXPECT_THAT(search(provider, 1, std::chrono::seconds(60), folder),
              testing::ElementsAre(Found{0, "it is better", true}));
  std::filesystem::remove_all(root);
}

TEST(ImproverTest, ACrashCostsOneFunction) {
  Searching provider({found, crash, found, crash});
  EXPECT_THAT(search(provider, 4),
              testing::ElementsAre(Found{0, "it is better", true},
                                   Found{1, "its process was ended by signal 6", false},
                                   Found{2, "it is better", true},
                                   Found{3, "its process was ended by signal 6", false}));
}

TEST(ImproverTest, ASearchWithoutEndIsEnded) {
  Searching provider({sleep_long, found});
  EXPECT_THAT(search(provider, 2, std::chrono::seconds(1)),
              testing::ElementsAre(Found{0, "it was not made within 1 s", false},
                                   Found{1, "it is better", true}));
}

TEST(ImproverTest, StoppingEndsTheProcess) {
  Searching provider({sleep_long});
  ImproverOptions options;
  options.key.bytes.fill(7);
  std::size_t told = 0;
  Improver improver(provider, options, [&](const Change&) { ++told; });
  improver.start([] {});
  ASSERT_GE(improver.fd(), 0);
  improver.stop();
  int status = 0;
  const pid_t pid = waitpid(-1, &status, 0);
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  improver.on_end(pid, status);
  EXPECT_EQ(told, 0U);
  EXPECT_LT(improver.fd(), 0);
}

TEST(ImproverTest, NothingIsForkedWhereNothingIsLookedFor) {
  Searching provider({});
  EXPECT_THAT(search(provider, 1), testing::IsEmpty());
}

}  // namespace
}  // namespace ferry::serve
