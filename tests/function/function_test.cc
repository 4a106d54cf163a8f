#include "function/function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "wasm/wat.h"

namespace ferry::function {
namespace {

using ferry::testing::TempFolder;
using ::testing::HasSubstr;

const Bytes kModule = {0, 'a', 's', 'm', 1, 0, 0, 0};

TEST(LoadFunction, FromAWasmFile) {
  TempFolder folder;
  auto function = load_function(folder.write("my fn.wasm", kModule), "");
  ASSERT_TRUE(function.ok()) << function.error().text();
  EXPECT_EQ(function->name, "my_fn");
  EXPECT_EQ(function->path, folder.path() + "/my fn.wasm");
  EXPECT_EQ(function->digest, digest_of(kModule));
  EXPECT_EQ(function->wasm, kModule);
}

TEST(LoadFunction, TakesTheManifestBesideItOnlyWhenMeant) {
  TempFolder folder;
  std::string a = folder.write("a.wasm", kModule);
  std::string b = folder.write("b.wasm", kModule);
  folder.write("ferry.toml", "[function]\nname = \"orders\"\nwasm = \"./a.wasm\"");
  EXPECT_EQ(load_function(a, "")->name, "orders");
  EXPECT_EQ(load_function(b, "")->name, "b");
  folder.write("ferry.toml", "[function]\nname = \"orders\"");
  EXPECT_EQ(load_function(b, "")->name, "orders");
}

TEST(LoadFunction, FromAManifestOrItsFolder) {
  TempFolder folder;
  folder.write("out/a.wasm", kModule);
  std::string manifest = folder.write(
      "ferry.toml", "[function]\nwasm = \"out/a.wasm\"\n[grant]\ndirs = [\"./d::/d\", \"/e::/e\"]");
  for (const std::string& path : {manifest, folder.path(), folder.path() + "/"}) {
    auto function = load_function(path, "");
    ASSERT_TRUE(function.ok()) << function.error().text();
    EXPECT_EQ(function->name, "a");
    EXPECT_EQ(function->manifest.grants.dirs[0].host, folder.path() + "/d");
    EXPECT_EQ(function->manifest.grants.dirs[1].host, "/e");
  }
}

TEST(LoadFunction, FromAFolderWithOneWasmFile) {
  TempFolder folder;
  EXPECT_EQ(load_function(folder.path(), "").error().code, Code::kNotFound);
  folder.write("a.wasm", kModule);
  EXPECT_EQ(load_function(folder.path(), "")->name, "a");
  folder.write("ferry.toml", "[limits]\ntimeout = \"1s\"");
  EXPECT_EQ(load_function(folder.path(), "")->manifest.limits.timeout, std::chrono::seconds(1));
  folder.write("b.wasm", kModule);
  auto function = load_function(folder.path(), "");
  EXPECT_EQ(function.error().code, Code::kUsage);
  EXPECT_THAT(function.error().message, HasSubstr("a.wasm and b.wasm"));
}

TEST(LoadFunction, GivenManifestWins) {
  TempFolder folder;
  std::string wasm = folder.write("a.wasm", kModule);
  folder.write("ferry.toml", "[function]\nname = \"beside\"");
  std::string other = folder.write("other.toml", "[function]\nname = \"given\"");
  EXPECT_EQ(load_function(wasm, other)->name, "given");
  EXPECT_EQ(load_function(folder.path(), other)->name, "given");
  EXPECT_EQ(load_function(folder.path() + "/ferry.toml", other).error().code, Code::kUsage);
  EXPECT_EQ(load_function(wasm, folder.path() + "/none.toml").error().code, Code::kNotFound);
}

TEST(LoadFunction, SaysWhatIsWrong) {
  TempFolder folder;
  auto function = load_function(folder.path() + "/none.wasm", "");
  EXPECT_EQ(function.error().code, Code::kNotFound);
  EXPECT_THAT(function.error().message, HasSubstr("none.wasm"));

  function = load_function(folder.write("bad.wasm", "hello, world"), "");
  EXPECT_EQ(function.error().code, Code::kInvalid);
  EXPECT_THAT(function.error().message, HasSubstr("bad.wasm: at offset 0"));

  std::string a = folder.write("a.wasm", kModule);
  folder.write("ferry.toml", "[limits]\ntimout = \"1s\"");
  EXPECT_THAT(load_function(a, "").error().message, HasSubstr("ferry.toml:2: unknown key"));

  folder.write("ferry.toml", "[function]\nwasm = \"gone.wasm\"");
  EXPECT_THAT(load_function(folder.path(), "").error().message, HasSubstr("gone.wasm"));
}

}  // namespace
}  // namespace ferry::function
