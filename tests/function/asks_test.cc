// What a manifest that came with a function asks of its user: everything that leads out of its own
// folder, links followed, and nothing else.
#include "function/asks.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace ferry::function {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Asks : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "ferry-asks-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root = std::filesystem::canonical(name);
    std::filesystem::create_directories(root / "function" / "data");
    std::filesystem::create_directories(root / "elsewhere");
    std::ofstream(root / "elsewhere" / "event.json") << "{}";
  }
  void TearDown() override { std::filesystem::remove_all(root); }
  std::vector<std::string> asks(const Manifest& manifest) const {
    return asks_of(manifest, root / "function" / "ferry.toml");
  }
  std::string at(const char* path) const { return root / path; }

  std::filesystem::path root;
};

TEST_F(Asks, NothingOfWhatLiesInItsFolder) {
  Manifest manifest;
  manifest.grants.dirs = {{at("function/data"), "/data", false}, {at("function/none"), "/n", true}};
  manifest.warm = {at("function/event.json")};
  manifest.files = {{at("function/data"), "/files"}};
  manifest.grants.http = {"api.example.com"};
  manifest.grants.connect = {"*.example.com:443"};
  EXPECT_THAT(asks(manifest), IsEmpty());
}

TEST_F(Asks, ForEachPathThatLeadsOut) {
  Manifest manifest;
  manifest.grants.dirs = {{at("elsewhere"), "/data", false},
                          {at("function/../elsewhere"), "/again", true},
                          {at("functions"), "/like", true}};  // only its name begins alike
  manifest.warm = {at("elsewhere/event.json")};
  manifest.files = {{at("elsewhere/event.json"), "/event"}};
  EXPECT_THAT(asks(manifest),
              ElementsAre("read and write the folder " + at("elsewhere") + ", as /data",
                          "read the folder " + at("elsewhere") + ", as /again",
                          "read the folder " + at("functions") + ", as /like",
                          "be given the file " + at("elsewhere/event.json") + " as an event",
                          "carry " + at("elsewhere/event.json") + " along, as /event"));
}

TEST_F(Asks, ForALinkInItsFolderThatLeadsOut) {
  std::filesystem::create_directory_symlink(root / "elsewhere", root / "function" / "link");
  Manifest manifest;
  manifest.grants.dirs = {{at("function/link"), "/data", true}};
  EXPECT_THAT(asks(manifest), ElementsAre("read the folder " + at("elsewhere") + ", as /data"));
}

TEST_F(Asks, ForVariablesAndForWhatMayBeWithinTheNetwork) {
  Manifest manifest;
  manifest.grants.env_from = {"DATABASE_URL"};
  manifest.grants.connect = {"db.internal:5432", "8.8.8.8:53", "not a grant"};
  manifest.grants.http = {"api.internal", "api.example.com"};
  EXPECT_THAT(asks(manifest),
              ElementsAre("read the variable DATABASE_URL of your environment",
                          "connect to db.internal:5432, which may be within your network",
                          "connect to api.internal, which may be within your network"));
}

TEST_F(Asks, OfAFunctionAreThoseOfItsManifest) {
  std::ofstream(root / "function" / "f.wasm") << "";
  std::ofstream(root / "function" / "ferry.toml")
      << "[function]\nwasm = \"f.wasm\"\n[grant]\nenv_from = [\"HOME\"]\n";
  const auto found = find_asks(root / "function", "");
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->manifest, at("function/ferry.toml"));
  EXPECT_THAT(found->digest, HasSubstr("sha256:"));
  EXPECT_THAT(found->lines, ElementsAre("read the variable HOME of your environment"));
  std::filesystem::remove(root / "function" / "ferry.toml");
  const auto none = find_asks(root / "function" / "f.wasm", "");
  ASSERT_TRUE(none.ok()) << none.error().text();
  EXPECT_EQ(none->manifest, "");
  EXPECT_THAT(none->lines, IsEmpty());
}

}  // namespace
}  // namespace ferry::function
