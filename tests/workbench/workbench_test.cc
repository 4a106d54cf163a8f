#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scratch.h"
#include "workbench/access.h"
#include "workbench/builds.h"
#include "workbench/journal.h"
#include "workbench/task.h"
#include "workbench/watch.h"

namespace ferry::workbench {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;
using testing::SizeIs;

Monotonic at(int ms) { return Monotonic(milliseconds(ms)); }

TEST(BuildTimer, WaitsUntilSavingHasCeased) {
  BuildTimer timer;
  EXPECT_FALSE(timer.due(at(0)));
  timer.changed(at(0), false);
  EXPECT_FALSE(timer.due(at(1)));
  timer.changed(at(1), false);
  EXPECT_FALSE(timer.due(at(2)));
  EXPECT_TRUE(timer.due(at(3)));
  EXPECT_FALSE(timer.due(at(200)));
}

TEST(BuildTimer, WaitsLongerForMoreOfWhatChangesDuringABuild) {
  BuildTimer timer;
  timer.changed(at(0), true);
  EXPECT_FALSE(timer.due(at(30)));
  timer.changed(at(30), true);
  EXPECT_FALSE(timer.due(at(60)));
  EXPECT_TRUE(timer.due(at(70)));
}

TEST(BuildTimer, BeginsThoughSavingNeverCeases) {
  BuildTimer timer;
  int builds = 0;
  for (int ms = 0; ms < 4000; ++ms) {
    timer.changed(at(ms), false);
    builds += timer.due(at(ms)) ? 1 : 0;
  }
  EXPECT_GE(builds, 4000 / BuildTimer::kMostWait.count() - 1);
  EXPECT_LE(builds, 4000 / BuildTimer::kFirstRest.count());
}

TEST(BuildTimer, DoesNotBuildForEverWhatBuildsWrite) {
  BuildTimer timer;
  timer.changed(at(0), false);
  ASSERT_TRUE(timer.due(at(100)));
  int chained = 0;
  for (int ms = 200; ms < 3000; ms += 200) {
    timer.changed(at(ms), true);
    chained += timer.due(at(ms + 100)) ? 1 : 0;
  }
  EXPECT_EQ(chained, static_cast<int>(BuildTimer::kMostChained) - 1);
  EXPECT_TRUE(timer.take_chain_warning());
  EXPECT_FALSE(timer.take_chain_warning());
  timer.changed(at(4000), false);  // a person saved
  EXPECT_TRUE(timer.due(at(4100)));
}

class Folder {
 public:
  Folder() : scratch_(*ScratchFolder::make("watch-test")) {}
  std::string at(const std::string& name) const { return scratch_.at(name); }
  const std::string& path() const { return scratch_.path(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name)) << text;
  }

 private:
  ScratchFolder scratch_;
};

TEST(Watch, SeesSourcesAndNothingElse) {
  const Folder folder;
  auto watch = Watch::make(folder.path());
  ASSERT_TRUE(watch.ok()) << watch.error().text();
  for (const char* name : {"f.wasm", ".hidden", "main.go~", "4913"}) folder.write(name, "x");
  EXPECT_THAT(watch->changed(), IsEmpty());
  folder.write("main.go", "x");
  EXPECT_THAT(watch->changed(), testing::ElementsAre(folder.at("main.go")));
  // As editors save: another file, renamed.
  folder.write(".main.go.tmp", "y");
  std::filesystem::rename(folder.at(".main.go.tmp"), folder.at("main.go"));
  EXPECT_THAT(watch->changed(), testing::ElementsAre(folder.at("main.go")));
}

TEST(Watch, SeesFoldersThatCameLater) {
  const Folder folder;
  auto watch = Watch::make(folder.path());
  ASSERT_TRUE(watch.ok());
  std::filesystem::create_directories(folder.at("pkg"));
  EXPECT_THAT(watch->changed(), SizeIs(1));
  folder.write("pkg/a.go", "x");
  EXPECT_THAT(watch->changed(), testing::ElementsAre(folder.at("pkg/a.go")));
  std::filesystem::create_directories(folder.at("target/debug"));
  folder.write("target/a.rs", "x");
  EXPECT_THAT(watch->changed(), IsEmpty());
}

TEST(Watch, OfOneFileSeesThatOneWhateverItsName) {
  const Folder folder;
  folder.write("f.wasm", "x");
  auto watch = Watch::make(folder.at("f.wasm"));
  ASSERT_TRUE(watch.ok());
  folder.write("other.go", "x");
  EXPECT_THAT(watch->changed(), IsEmpty());
  folder.write("f.wasm", "y");
  EXPECT_THAT(watch->changed(), SizeIs(1));
}

TEST(Watch, DoesNotFollowLinksToFolders) {
  const Folder folder;
  std::filesystem::create_directory_symlink(folder.path(), folder.at("loop"));
  EXPECT_TRUE(Watch::make(folder.path()).ok());
}

// Until the task has ended.
int finish(Task& task) {
  for (;;) {
    std::vector<pollfd> watched;
    task.add_to(watched);
    poll(watched.data(), watched.size(), 20);
    task.read_some();
    if (const auto status = task.ended()) return *status;
  }
}

TEST(Task, KeepsWhatItSays) {
  auto task = Task::start([](int channel) {
    std::puts("out");
    std::fputs("err\n", stderr);
    return write(channel, "line\n", 5) == 5 ? 7 : 1;
  });
  ASSERT_TRUE(task.ok());
  const int status = finish(**task);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ((*task)->out, "out\n");
  EXPECT_EQ((*task)->err, "err\n");
  EXPECT_EQ((*task)->channel, "line\n");
}

TEST(Task, ThatNeverEndsGoesWithAllThatItStarted) {
  const Folder folder;
  const std::string command = "(sh -c 'echo $$; exec sleep 600')";
  pid_t grandchild = 0;
  {
    auto task = Task::start(Task::program("/bin/sh", {"sh", "-c", command}, folder.path()));
    ASSERT_TRUE(task.ok());
    while ((*task)->out.empty()) {
      std::this_thread::sleep_for(milliseconds(5));
      (*task)->read_some();
    }
    grandchild = std::stoi((*task)->out);
    ASSERT_EQ(kill(grandchild, 0), 0);
  }
  for (int i = 0; i < 2000 && kill(grandchild, 0) == 0; ++i) {
    std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
    std::string pid, name, how;
    stat >> pid >> name >> how;
    if (how == "Z") break;  // killed, and not yet waited for by init
    std::this_thread::sleep_for(milliseconds(5));
  }
  std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
  std::string pid, name, how = "gone";
  stat >> pid >> name >> how;
  EXPECT_TRUE(how == "Z" || how == "gone") << how;
}

TEST(Task, HasNoDescriptorOfItsOwner) {
  const Folder folder;
  folder.write("secret", "x");
  const Fd open_one(::open(folder.at("secret").c_str(), O_RDONLY));
  auto task = Task::start([&](int) { return fcntl(open_one.get(), F_GETFD) < 0 ? 0 : 1; });
  ASSERT_TRUE(task.ok());
  EXPECT_EQ(finish(**task), 0);
}

class AccessTest : public testing::Test {
 protected:
  int ask(std::vector<http::Field> fields, std::string path = "", const char* method = "GET") {
    path = path.empty() ? "/" + access.token() + "/state" : path;
    http::Request request;
    request.method = method;
    request.target = path;
    request.fields = fields;
    return access.check(request).status;
  }
  Access access{"127.0.0.1:8081", system_random()};
  const http::Field host{"Host", "127.0.0.1:8081"};
};

TEST_F(AccessTest, TakesItsOwnPage) {
  EXPECT_EQ(ask({host}), 200);
  EXPECT_EQ(ask({{"Host", "localhost:8081"}}), 200);
  EXPECT_EQ(ask({host,
                 {"Content-Type", "application/json"},
                 {"Origin", "http://127.0.0.1:8081"},
                 {"Sec-Fetch-Site", "same-origin"}},
                "", "POST"),
            200);
}

TEST_F(AccessTest, RefusesWhoHasNotTheToken) {
  EXPECT_EQ(ask({host}, "/"), 404);
  EXPECT_EQ(ask({host}, "/state"), 404);
  std::string wrong = access.token();
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EXPECT_EQ(ask({host}, "/" + wrong + "/state"), 404);
  EXPECT_EQ(ask({host}, "/" + access.token()), 404);
}

TEST_F(AccessTest, RefusesOtherNamesAndOtherSites) {
  EXPECT_EQ(ask({}), 403);
  EXPECT_EQ(ask({{"Host", "evil.example:8081"}}), 403);
  EXPECT_EQ(ask({{"Host", "127.0.0.1:80"}}), 403);
  EXPECT_EQ(ask({host, {"Origin", "https://evil.example"}}), 403);
  EXPECT_EQ(ask({host, {"Origin", "null"}}), 403);
  EXPECT_EQ(ask({host, {"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(ask({host, {"Content-Type", "text/plain"}}, "", "POST"), 415);
  EXPECT_EQ(ask({host}, "", "DELETE"), 405);
}

TEST_F(AccessTest, LoopbackIsToldByItsForm) {
  EXPECT_TRUE(is_loopback("127.0.0.1:0"));
  EXPECT_TRUE(is_loopback("[::1]:80"));
  EXPECT_FALSE(is_loopback(":8081"));
  EXPECT_FALSE(is_loopback("0.0.0.0:8081"));
  EXPECT_FALSE(is_loopback("10.0.0.1:1"));
}

TEST(Journal, ForgetsTheOldest) {
  capsule::Capsule one;
  one.recorded = "2026-11-28T09:00:00Z";
  one.invocation = "i";
  one.function = one.digest = one.engine = "x";
  one.event.id = one.event.source = one.event.type = "e";
  one.result.status = "ok";
  const std::string line = *capsule::to_line(one);
  Journal journal;
  journal.add("no capsule", "http");
  EXPECT_EQ(journal.last(), 0u);
  for (std::size_t i = 0; i < Journal::kMostEvents + 3; ++i) journal.add(line, "http");
  EXPECT_EQ(journal.find(3), nullptr);
  ASSERT_NE(journal.find(4), nullptr);
  EXPECT_EQ(*journal.find(4), line);
  EXPECT_THAT(journal.list(journal.last()), testing::StartsWith("{\"events\":[],\"first\":4"));
}

}  // namespace
}  // namespace ferry::workbench
