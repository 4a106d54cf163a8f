#include "project/recipe.h"

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

TEST(Recipe, RefusesNamesThatAShellWouldRead) {
  for (const auto& [file, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"go.mod", "module example.com/$(reboot)\n"},
           {"go.mod", "module example.com/-x\n"},
           {"go.mod", "module example.com/a;b\n"},
           {"go.mod", "go 1.24\n"},
           {"Cargo.toml", "[package]\nname = \"a b\"\n"},
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
