#include "function/function.h"

#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "component/builder.h"
#include "function/asks.h"
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

// One that a test looks into.
class Cache final : public LoweredCache {
 public:
  std::optional<Bytes> find(const std::string& digest) const override {
    ++asked;
    const auto found = kept.find(digest);
    return found == kept.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(const std::string& /*name*/, const std::string& digest,
            ByteView lowered) const override {
    kept[digest].assign(lowered.begin(), lowered.end());
  }

  mutable std::map<std::string, Bytes> kept;
  mutable int asked = 0;
};

Bytes component_of(std::size_t padding) {
  auto made = ferry::testing::simple_http(ferry::testing::handler_module());
  Bytes custom = {1, 'x'};
  custom.resize(custom.size() + padding);
  made.builder.section(0, custom);
  return made.builder.bytes();
}

TEST(MakeFunction, ALargeComponentIsLoweredOnce) {
  const Bytes component = component_of(1u << 20);
  const Cache cache;
  const auto first = make_function("f", component, {}, &cache);
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_EQ(first->binary.abi, wasm::Abi::kHttp);
  EXPECT_EQ(first->digest, digest_of(component));
  ASSERT_EQ(cache.kept.size(), 1U);
  EXPECT_EQ(cache.kept.at(first->digest), first->wasm);
  // What is kept is what is used: here another module, which says so.
  cache.kept[first->digest] = kModule;
  const auto second = make_function("f", component, {}, &cache);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->wasm, kModule);
  EXPECT_EQ(second->digest, first->digest);
}

TEST(MakeFunction, WhatIsLoweredQuicklyIsNotKept) {
  const Cache cache;
  ASSERT_TRUE(make_function("f", component_of(1000), {}, &cache).ok());
  ASSERT_TRUE(make_function("f", kModule, {}, &cache).ok());
  EXPECT_EQ(cache.asked, 0);
  EXPECT_TRUE(cache.kept.empty());
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

// A path in a manifest is meant from where the manifest lies; certificates travel as text.
TEST(LoadFunction, ReadsWhatItsManifestNamesFromBesideIt) {
  const std::string pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  TempFolder folder;
  folder.write("a.wasm", kModule);
  folder.write("ca.pem", "a comment\n" + pem);
  folder.write("text/t.txt", "hello");
  const auto with = [&](const std::string& toml) {
    folder.write("ferry.toml", toml);
    return load_function(folder.path(), "");
  };
  const auto function = with(
      "[function]\nwarm = [\"event.json\", \"/e.json\"]\nfiles = [\"text::/text\"]\n"
      "[grant]\nca = \"ca.pem\"\n");
  ASSERT_TRUE(function.ok()) << function.error().text();
  EXPECT_EQ(function->manifest.grants.ca, pem);
  EXPECT_EQ(function->manifest.warm[0], folder.path() + "/event.json");
  EXPECT_EQ(function->manifest.warm[1], "/e.json");
  EXPECT_EQ(with("[grant]\nca = \"" + folder.path() + "/ca.pem\"\n")->manifest.grants.ca, pem);
  EXPECT_EQ(with("[grant]\nca = \"\"\"" + pem + "\"\"\"\n")->manifest.grants.ca, pem);
  EXPECT_FALSE(with("[grant]\nca = \"none.pem\"\n").ok());
  EXPECT_THAT(with("[grant]\nca = \"a.wasm\"\n").error().text(), HasSubstr("no certificate"));
}

TEST(LoadFunction, WithoutAFunctionOrWithSeveralSaysSo) {
  TempFolder folder;
  const std::string manifest = folder.write("ferry.toml", "[limits]\ntimeout = \"1s\"\n");
  EXPECT_THAT(load_function(manifest, "").error().text(), HasSubstr("no .wasm file in"));
  EXPECT_THAT(find_asks(manifest, "").error().text(), HasSubstr("no .wasm file in"));
  std::filesystem::create_directory(folder.path() + "/folder.wasm");  // no file
  EXPECT_THAT(load_function(manifest, "").error().text(), HasSubstr("no .wasm file in"));
  const std::string wasm = folder.write("f.wasm", kModule);
  EXPECT_TRUE(load_function(manifest, manifest).ok());  // the same one twice
  folder.write("ferry.toml", "[limits]\ntimeout = 1\n");
  EXPECT_FALSE(load_function(wasm, "").ok());
  EXPECT_FALSE(load_function(folder.path(), manifest).ok());
}

TEST(LoadFunction, ANameIsFitForAUrl) {
  TempFolder folder;
  for (const auto& [file, name] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a-b.c_9Z.wasm", "a-b.c_9Z"},
           {"-x.wasm", "_x"},
           {"a@[{`:.wasm", "a_____"},
           {"\xc3\xa9.wasm", "__"},
           {std::string(70, 'a') + ".wasm", std::string(63, 'a')}}) {
    EXPECT_EQ(load_function(folder.write(file, kModule), "")->name, name);
  }
  EXPECT_EQ(make_function("", kModule, {})->name, "function");
}

}  // namespace
}  // namespace ferry::function
