#include "project/recipe.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/wat.h"

namespace ferry::project {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

Result<std::optional<Recipe>> recipe_of(const char* file, const char* text) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/" + file) << text;
  return find_recipe(folder.path());
}

TEST(Recipe, NamesAGoProgramAfterItsModule) {
  for (const auto& [text, wasm] : std::initializer_list<std::pair<const char*, const char*>>{
           {"module example.com/shop/orders\n\ngo 1.24\n", "orders.wasm"},
           {"// a comment\nmodule orders // behind it\n", "orders.wasm"},
           {"module \"example.com/orders/v2\"\n", "orders.wasm"},
           {"module v2\n", "v2.wasm"},
           {"module example.com/orders/very\r\n", "very.wasm"}}) {
    auto found = recipe_of("go.mod", text);
    ASSERT_TRUE(found.ok() && *found) << text;
    EXPECT_EQ((*found)->wasm, wasm) << text;
    EXPECT_THAT((*found)->command, HasSubstr(std::string("-o ") + wasm));
  }
}

TEST(Recipe, NamesARustProgramAfterItsPackage) {
  auto found = recipe_of("Cargo.toml", "[package]\nname = \"my-orders\"\n");
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->wasm, "target/wasm32-wasip1/release/my-orders.wasm");
}

TEST(Recipe, KnowsARustComponentByItsLibraryAndItsCrate) {
  auto found = recipe_of("Cargo.toml",
                         "[package]\nname = \"my-orders\"\n[lib]\ncrate-type = [\"cdylib\"]\n"
                         "[dependencies]\nwasi = \"0.14\"\n");
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->wasm, "target/wasm32-wasip2/release/my_orders.wasm");
  EXPECT_THAT((*found)->command, HasSubstr("--target wasm32-wasip2"));
  EXPECT_THAT((*found)->tools.front().get, HasSubstr("wasm32-wasip2"));
  found = recipe_of("Cargo.toml",
                    "[package]\nname = \"x\"\n[lib]\ncrate-type = [\"cdylib\"]\nname = \"own\"\n"
                    "[dependencies]\nwit-bindgen = { version = \"0.57\" }\n");
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->wasm, "target/wasm32-wasip2/release/own.wasm");
}

TEST(Recipe, NamesAZigProgramAsItsBuildDoes) {
  auto found = recipe_of(
      "build.zig", "const x = .{ .name = \"no\" };\n b.addExecutable(.{\n .name = \"orders\",");
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->command, "zig build");
  EXPECT_EQ((*found)->wasm, "zig-out/bin/orders.wasm");
  for (const char* text :
       {"", "b.addExecutable(.{ .name = name })", "b.addExecutable(.{ .name = \"a b\" })",
        "b.addExecutable(.{ .name = \"cut"}) {
    EXPECT_FALSE(recipe_of("build.zig", text).ok()) << text;
  }
}

TEST(Recipe, NamesAPackageOfNpmAfterItselfWithoutItsScope) {
  for (const auto& [text, wasm] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"name":"orders","scripts":{"build":"x"}})", "orders.wasm"},
           {R"({"scripts":{"test":"y","build":"x"},"name":"@acme/orders"})", "orders.wasm"}}) {
    auto found = recipe_of("package.json", text);
    ASSERT_TRUE(found.ok() && *found) << text;
    EXPECT_EQ((*found)->wasm, wasm);
    EXPECT_THAT((*found)->command, HasSubstr("npm run --silent build"));
  }
  // Without a script "build" it is somebody else's package.
  for (const char* text : {R"({"name":"orders"})", R"({"scripts":{"test":"x"}})", "{}"}) {
    auto found = recipe_of("package.json", text);
    ASSERT_TRUE(found.ok()) << text;
    EXPECT_FALSE(found->has_value()) << text;
  }
}

TEST(Recipe, NamesAPythonProjectThatHasAWorld) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/pyproject.toml") << "[project]\nname = \"orders\"\n";
  auto found = find_recipe(folder.path());
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());  // any Python project
  std::filesystem::create_directory(folder.path() + "/wit");
  found = find_recipe(folder.path());
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->command, "componentize-py -d wit componentize -p . app -o orders.wasm");
  std::filesystem::create_directory(folder.path() + "/deps");
  std::ofstream(folder.path() + "/entry.py") << "import app\n";
  found = find_recipe(folder.path());
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->command,
            "componentize-py -d wit componentize -p . -p deps entry -o orders.wasm");
}

TEST(Recipe, RefusesNamesThatAShellWouldRead) {
  for (const auto& [file, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"go.mod", "module example.com/$(reboot)\n"},
           {"go.mod", "module example.com/-x\n"},
           {"go.mod", "module example.com/a;b\n"},
           {"go.mod", "go 1.24\n"},
           {"Cargo.toml", "[package]\nname = \"a b\"\n"},
           {"Cargo.toml",
            "[package]\nname = \"a\"\n[lib]\nname = \"$x\"\n"
            "crate-type = [\"cdylib\"]\n[dependencies]\nwasi = \"1\"\n"},
           {"package.json", R"({"name":"a;b","scripts":{"build":"x"}})"},
           {"package.json", R"({"name":"@a/..","scripts":{"build":"x"}})"},
           {"package.json", R"({"scripts":{"build":"x"}})"},
           {"package.json", R"({"name":"a","scripts":{"build":"x"}} and more)"},
           {"Cargo.toml", "[workspace]\n"}}) {
    auto found = recipe_of(file, text);
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_EQ(found.error().code, Code::kInvalid);
    EXPECT_THAT(found.error().message, HasSubstr(file));
  }
}

TEST(Recipe, NamesTheLineOfABrokenCargoToml) {
  auto found = recipe_of("Cargo.toml", "[package]\nname = \n");
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("Cargo.toml:2"));
}

TEST(Recipe, FindsNothingInAFolderOfAnotherKind) {
  auto found = recipe_of("notes.txt", "module x\n");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
}

TEST(Recipe, SaysWhichToolIsMissingAndHowToGetIt) {
  auto found = recipe_of("go.mod", "module orders\n");
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_TRUE(check_tools(**found, [](std::string_view) { return true; }).ok());
  const Status checked = check_tools(**found, [](std::string_view) { return false; });
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code, Code::kNotFound);
  EXPECT_THAT(checked.error().message, HasSubstr("'go'"));
  EXPECT_THAT(checked.error().hint, HasSubstr("https://go.dev/dl"));
}

}  // namespace
}  // namespace ferry::project
