#include "project/scaffold.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "project/template_files.h"
#include "wasm/wat.h"

namespace ferry::project {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

std::string text_of(const fs::path& path) {
  auto bytes = read_file(path.string(), 1u << 20);
  return bytes.ok() ? std::string(as_text(*bytes)) : "";
}

TEST(Scaffold, EveryLanguageWritesWhatItNamesAndLeavesNoPlaceholder) {
  for (const Language& language : languages()) {
    const TempFolder folder;
    const std::string target = folder.path() + "/my-function";
    auto files = write_project({"my-function", target, &language, *find_sample("s3")});
    ASSERT_TRUE(files.ok()) << files.error().text();
    for (const char* wanted :
         {"ferry.toml", "README.md", ".gitignore", "cases/hello.toml",
          ".github/workflows/function.yml", "cases/events/s3.json", "cases/s3.toml"}) {
      EXPECT_THAT(*files, Contains(wanted)) << language.name;
    }
    for (const std::string& file : *files) {
      EXPECT_THAT(text_of(fs::path(target) / file), Not(::testing::ContainsRegex("@[A-Z_]+@")))
          << language.name << ": " << file;
      EXPECT_THAT(file, Not(HasSubstr(".in"))) << language.name;
    }
    EXPECT_THAT(text_of(fs::path(target) / "ferry.toml"), HasSubstr("name = \"my-function\""));
  }
}

TEST(Scaffold, LeavesAFolderThatHoldsSomethingAlone) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/mine") << "x";
  auto files = write_project({"hello", folder.path(), languages().data(), nullptr});
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code, Code::kUsage);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(Scaffold, TakesAnEmptyFolderAndOneWithASlashBehindIt) {
  const TempFolder folder;
  const fs::path empty = fs::path(folder.path()) / "empty";
  fs::create_directory(empty);
  EXPECT_TRUE(write_project({"hello", empty.string() + "/", languages().data(), nullptr}).ok());
  EXPECT_TRUE(fs::exists(empty / "ferry.toml"));
}

TEST(Scaffold, LeavesNothingWhereItCannotWrite) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  auto files = write_project({"hello", folder.path() + "/file/hello", languages().data(), nullptr});
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(Scaffold, NamesTheNearestValidName) {
  for (const auto& [name, nearest] :
       std::initializer_list<std::pair<const char*, const char*>>{{"My App", "my-app"},
                                                                  {"7up", "up"},
                                                                  {"", "hello"},
                                                                  {"-x-", "x"},
                                                                  {"a/b", "a-b"},
                                                                  {"é", "hello"}}) {
    const Status checked = check_project_name(name);
    ASSERT_FALSE(checked.ok()) << name;
    EXPECT_EQ(checked.error().hint, std::string("try '") + nearest + "'");
  }
  EXPECT_TRUE(check_project_name("orders-2").ok());
}

TEST(Scaffold, NamesTheNearestLanguage) {
  auto found = find_language("rus");
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().hint, HasSubstr("did you mean 'rust'?"));
}

TEST(Samples, AreOnePlatformsEachAndHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Sample& sample : samples()) {
    EXPECT_TRUE(names.insert(sample.name).second) << sample.name;
    EXPECT_FALSE(sample.text.empty()) << sample.name;
    EXPECT_EQ(*find_sample(sample.name), &sample);
  }
  EXPECT_GE(names.size(), 50u);
  const auto missing = find_sample("s4");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kUsage);
  EXPECT_THAT(missing.error().hint, HasSubstr("did you mean 's3'?"));
}

}  // namespace
}  // namespace ferry::project
