#include <map>

#include <gmock/gmock.h>
#include <sodium.h>

#include "hostmain/decide.h"
#include "hostmain/options.h"
#include "hostmain/packed.h"
#include "hostmain/serve.h"

namespace ferry::hostmain {
namespace {

using testing::HasSubstr;

Decision decided(const std::map<std::string, std::string>& env, const std::string& asked = "") {
  return decide_platform(asked, [&](const char* name) -> const char* {
    auto at = env.find(name);
    return at == env.end() ? nullptr : at->second.c_str();
  });
}

TEST(Decide, EachPlatformByItsOwnVariable) {
  EXPECT_EQ(decided({}).platform, "http");
  EXPECT_EQ(decided({{"AWS_LAMBDA_RUNTIME_API", "x"}}).platform, "lambda");
  EXPECT_EQ(decided({{"FUNCTIONS_CUSTOMHANDLER_PORT", "1"}}).platform, "azure");
  EXPECT_EQ(decided({{"__OW_API_HOST", "x"}}).platform, "openwhisk");
  EXPECT_EQ(decided({{"K_SERVICE", "x"}}).platform, "knative");
  EXPECT_EQ(decided({{"OPENFAAS_NAME", "x"}}).platform, "openfaas");
  EXPECT_THAT(decided({{"K_SERVICE", "x"}}).why, HasSubstr("K_SERVICE"));
}

TEST(Decide, WhatWasAskedWinsAndAnEmptyVariableIsNone) {
  EXPECT_EQ(decided({{"__OW_API_HOST", "x"}}, "http").platform, "http");
  EXPECT_EQ(decided({{"__OW_API_HOST", ""}}).platform, "http");
}

TEST(Decide, PortIsTheEnvironmentsWhereItIsANumber) {
  auto listen = [](const char* port) {
    return default_listen("knative", [port](const char*) { return port; });
  };
  EXPECT_EQ(listen(nullptr), ":8080");
  EXPECT_EQ(listen("9000"), ":9000");
  EXPECT_EQ(listen("80; rm"), ":8080");
  EXPECT_EQ(listen("123456"), ":8080");
}

TEST(Options, AreReadInBothForms) {
  const char* words[] = {"--bundle=/x", "--workers",    "3",   "--pin",
                         "--quiet",     "--log-format", "json"};
  const Options options = *parse_options(words);
  EXPECT_EQ(options.bundle, "/x");
  EXPECT_EQ(options.workers, 3u);
  EXPECT_TRUE(options.pin);
  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(options.log_format, platforms::LogFormat::kJson);
}

TEST(Options, WrongOnesAreNamed) {
  auto message = [](std::vector<const char*> words) {
    auto options = parse_options(words);
    return options.ok() ? "" : options.error().message;
  };
  EXPECT_THAT(message({"--bundel", "x"}), HasSubstr("--bundel"));
  EXPECT_THAT(message({"--bundle"}), HasSubstr("--bundle wants a value"));
  EXPECT_THAT(message({"--quiet=yes"}), HasSubstr("--quiet=yes"));
  EXPECT_THAT(message({"--workers", "0"}), HasSubstr("--workers 0"));
  EXPECT_THAT(message({"--workers", "3x"}), HasSubstr("--workers 3x"));
  EXPECT_THAT(message({"--log-format", "xml"}), HasSubstr("xml"));
  EXPECT_THAT(message({"word"}), HasSubstr("word"));
}

TEST(Platforms, EachIsFoundByItsNameAndOthersAreNot) {
  EXPECT_NE(find_platform("http"), nullptr);
  EXPECT_NE(find_platform("openwhisk"), nullptr);
  EXPECT_EQ(find_platform("lambada"), nullptr);
}

TEST(Packed, NoBundleAndNoKeyAreTold) {
  const std::string folder = testing::TempDir() + "ferry-packed";
  ASSERT_TRUE(make_directories(folder).ok());
  auto none = read_packed(folder, "");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::kNotFound);
  const std::string key = folder + "/ferry.pub";
  ASSERT_TRUE(write_file_atomically(key, as_bytes("abc\n")).ok());
  EXPECT_EQ(read_public_key(key).error().code, Code::kInvalid);
  ASSERT_TRUE(write_file_atomically(key, as_bytes(std::string(64, 'a') + "\n")).ok());
  EXPECT_EQ(read_public_key(key)->bytes[31], 0xaa);
}

// The key is right and the signature too: what it was made for is what stops it.
TEST(Packed, OfAnotherVersionOrCpuIsRefusedByTheProgram) {
  const std::string folder = testing::TempDir() + "ferry-other-cpu";
  ASSERT_TRUE(make_directories(folder).ok());
  engine::VerifyKey shown;
  engine::SigningKey secret;
  ASSERT_EQ(crypto_sign_keypair(shown.bytes.data(), secret.secret.data()), 0);
  ASSERT_TRUE(
      write_file_atomically(folder + "/ferry.pub", as_bytes(to_hex(shown.bytes) + "\n")).ok());
  for (const char* fingerprint : {"wasmtime 47.0.0 cpu:x86-64-v2", "cpu:aarch64", ""}) {
    engine::BundleInfo info;
    info.function_name = "other";
    info.function_digest = "sha256:" + std::string(64, '0');
    info.engine_name = "wasmtime";
    info.engine_fingerprint = fingerprint;
    info.facts = "{}";
    const Bytes bundle = engine::write_bundle(info, Bytes(4096, 0xcc), secret);
    ASSERT_TRUE(write_file_atomically(folder + "/other.ferry", bundle).ok());
    const std::string command = std::string(FERRY_BINARY_DIR) +
                                "/bin/ferry-host --listen 127.0.0.1:0 --bundle " + folder + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string said(4096, '\0');
    said.resize(fread(said.data(), 1, said.size(), pipe));
    EXPECT_NE(pclose(pipe), 0) << fingerprint;
    EXPECT_THAT(said, testing::HasSubstr("was made for")) << fingerprint;
  }
}

}  // namespace
}  // namespace ferry::hostmain
