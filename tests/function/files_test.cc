#include "function/files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/scratch.h"
#include "function/asks.h"
#include "function/function.h"
#include "wasm/wat.h"

namespace ferry::function {
namespace {

namespace fs = std::filesystem;

class FilesOfAFunction : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = ScratchFolder::make("files");
    ASSERT_TRUE(made.ok());
    scratch_.emplace(*std::move(made));
    root = scratch_->at("project");
    fs::create_directories(root / "site/css");
    put("site/index.html", "<p>");
    put("site/css/a.css", "p{}");
    put("data.bin", std::string("\0\xff", 2));
    std::ofstream(scratch_->at("secret")) << "secret";
  }
  void put(const std::string& name, const std::string& text) { std::ofstream(root / name) << text; }
  Result<std::shared_ptr<const wasi::FileTree>> read(std::vector<FileGrant> grants) {
    for (FileGrant& grant : grants) grant.host = root / grant.host;
    return read_files(grants);
  }

  std::optional<ScratchFolder> scratch_;
  fs::path root;
};

TEST(FileGrant, IsAPathHereAndOneThere) {
  const auto grant = parse_file_grant("templates::/templates/");
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(grant->host, "templates");
  EXPECT_EQ(grant->guest, "/templates");
  EXPECT_EQ(parse_file_grant("site::/")->guest, "/");
  for (const char* wrong :
       {"", "templates", "::/x", "x::", "x::y", "x::/a/../b", "x::/./a", "x::/a//b"}) {
    EXPECT_FALSE(parse_file_grant(wrong).ok()) << wrong;
  }
}

TEST_F(FilesOfAFunction, AreOneTree) {
  const auto tree = read({{"site", "/www"}, {"data.bin", "/data/d.bin"}});
  ASSERT_TRUE(tree.ok()) << tree.error().text();
  EXPECT_EQ((*tree)->files(), 3u);
  for (const char* path : {"www/index.html", "www/css/a.css", "data/d.bin"}) {
    EXPECT_TRUE((*tree)->has(path)) << path;
  }
  EXPECT_EQ(*read({}), nullptr);
}

TEST_F(FilesOfAFunction, AreTheSameWhateverTheirTimesAndModes) {
  const std::string before = (*read({{"site", "/"}}))->digest();
  ASSERT_EQ(::chmod((root / "site/index.html").c_str(), 0400), 0);
  fs::last_write_time(root / "site/index.html", fs::file_time_type{});
  EXPECT_EQ((*read({{"site", "/"}}))->digest(), before);
  put("site/css/a.css", "p{ }");
  EXPECT_NE((*read({{"site", "/"}}))->digest(), before);
}

TEST_F(FilesOfAFunction, FollowLinksWithinTheirFolderAlone) {
  fs::create_symlink("index.html", root / "site/default.html");
  EXPECT_TRUE((*read({{"site", "/www"}}))->has("www/default.html"));
  fs::create_symlink("../../secret", root / "site/out");
  const auto out = read({{"site", "/www"}});
  ASSERT_FALSE(out.ok());
  EXPECT_NE(out.error().message.find("leads out of"), std::string::npos);
  fs::remove(root / "site/out");
  fs::create_directory_symlink("css", root / "site/styles");
  EXPECT_NE(read({{"site", "/"}}).error().message.find("is a link to a folder"), std::string::npos);
}

TEST_F(FilesOfAFunction, AreFilesAndFoldersAlone) {
  ASSERT_EQ(::mkfifo((root / "site/pipe").c_str(), 0600), 0);
  EXPECT_NE(read({{"site", "/"}}).error().message.find("neither a file nor a folder"),
            std::string::npos);
  EXPECT_NE(read({{"data.bin", "/"}}).error().message.find("cannot be '/'"), std::string::npos);
  EXPECT_EQ(read({{"nothing", "/x"}}).error().code, Code::kNotFound);
  EXPECT_NE(read({{"data.bin", "/x"}, {"data.bin", "/x"}}).error().message.find("two files"),
            std::string::npos);
}

TEST_F(FilesOfAFunction, ComeWithTheFunction) {
  put("ferry.toml", "[function]\nwasm = \"f.wasm\"\nargs = [\"-v\"]\nfiles = [\"site::/www\"]\n");
  const Bytes wasm =
      testing::wat("(module (memory (export \"memory\") 1) (func (export \"_start\")))");
  put("f.wasm", std::string(as_text(wasm)));
  const auto function = load_function(root, "");
  ASSERT_TRUE(function.ok()) << function.error().text();
  ASSERT_NE(function->manifest.file_tree, nullptr);
  EXPECT_TRUE(function->manifest.file_tree->has("www/css/a.css"));
  EXPECT_EQ(function->manifest.args, std::vector<std::string>{"-v"});
  EXPECT_TRUE(find_asks(root, "")->lines.empty());
  // What is outside of the project may be a secret of the machine's.
  put("ferry.toml", "[function]\nwasm = \"f.wasm\"\nfiles = [\"../secret::/s\"]\n");
  const auto asks = find_asks(root, "");
  ASSERT_TRUE(asks.ok());
  ASSERT_EQ(asks->lines.size(), 1u);
  EXPECT_NE(asks->lines[0].find("secret along, as /s"), std::string::npos);
}

}  // namespace
}  // namespace ferry::function
