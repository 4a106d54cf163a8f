#include <csignal>
#include <map>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/architecture.h"
#include "base/file.h"
#include "hostmain/decide.h"
#include "hostmain/options.h"
#include "hostmain/packed.h"
#include "platforms/list.h"
#include "tree.h"

namespace ferry::hostmain {
namespace {

using testing::HasSubstr;

Decision decided(const std::map<std::string, std::string>& env, const std::string& named = "") {
  return decide_platform(named, [&](const char* name) -> const char* {
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

// Azure's functions host runs in a container of anybody's, and starts us itself.
TEST(Decide, WhoStartsUsIsNearerThanWhoRunsTheContainer) {
  EXPECT_EQ(decided({{"K_SERVICE", "x"}, {"FUNCTIONS_CUSTOMHANDLER_PORT", "1"}}).platform, "azure");
  EXPECT_EQ(decided({{"__OW_API_HOST", "x"}, {"AWS_LAMBDA_RUNTIME_API", "x"}}).platform, "lambda");
}

TEST(Decide, WhatWasAskedWinsAndAnEmptyVariableIsNone) {
  EXPECT_EQ(decided({{"__OW_API_HOST", "x"}}, "http").platform, "http");
  EXPECT_EQ(decided({{"__OW_API_HOST", ""}}).platform, "http");
}

TEST(Decide, PortIsTheEnvironmentsWhereItIsANumber) {
  auto listen = [](const char* port) {
    return platforms::find_platform("knative")->default_listen(
        [port](const char*) { return port; });
  };
  EXPECT_EQ(listen(nullptr), ":8080");
  EXPECT_EQ(listen("9000"), ":9000");
  EXPECT_EQ(listen("80; rm"), ":8080");
  EXPECT_EQ(listen("123456"), ":8080");
  // Fault H2: Azure's host says where it calls.
  const auto azure = [](const char* name) {
    return std::string_view(name) == "FUNCTIONS_CUSTOMHANDLER_PORT" ? "28300" : nullptr;
  };
  EXPECT_EQ(platforms::find_platform("azure")->default_listen(azure), "127.0.0.1:28300");
}

TEST(Options, AreReadInBothForms) {
  const char* words[] = {"--bundle=/x", "--workers",    "3",   "--pin",
                         "--quiet",     "--log-format", "json"};
  const Options options = *parse_options(words);
  EXPECT_EQ(options.bundle, "/x");
  EXPECT_EQ(options.serve.workers, 3u);
  EXPECT_TRUE(options.serve.pin);
  EXPECT_TRUE(options.serve.quiet);
  EXPECT_EQ(options.serve.log_format, serve::LogFormat::kJson);
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
  EXPECT_THAT(message({"name", "word"}), HasSubstr("word"));
  EXPECT_THAT(message({""}), HasSubstr("''"));
}

// The CMD of an image whose ENTRYPOINT is ferry-host was an unknown word.
TEST(Options, AWordIsTheFunction) {
  const char* words[] = {"--quiet", "orders", "--bundle", "/x"};
  EXPECT_EQ(parse_options(words)->function, "orders");
  std::vector<Packed> packed(2);
  packed[0].name = "hello";
  packed[1].name = "orders";
  EXPECT_THAT(keep_named(packed, "other").error().hint, HasSubstr("hello, orders"));
  ASSERT_TRUE(keep_named(packed, "").ok());
  EXPECT_EQ(packed.size(), 2u);
  ASSERT_TRUE(keep_named(packed, "orders").ok());
  ASSERT_EQ(packed.size(), 1u);
  EXPECT_EQ(packed[0].name, "orders");
}

TEST(Platforms, EachIsFoundByItsNameAndOthersAreNot) {
  EXPECT_NE(platforms::find_platform("http"), nullptr);
  EXPECT_NE(platforms::find_platform("openwhisk"), nullptr);
  EXPECT_EQ(platforms::find_platform("lambada"), nullptr);
}

TEST(Packed, NoBundleAndNoKeyAreTold) {
  const std::string folder = testing::TempDir() + "ferry-packed";
  ASSERT_TRUE(make_directories(folder).ok());
  auto none = read_packed(folder, "");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::kNotFound);
  const std::string key = folder + "/ferry.pub";
  unlink(key.c_str());
  const auto no_key = read_public_key(key, KeyNamed::kBeside);
  ASSERT_FALSE(no_key.ok());
  EXPECT_EQ(no_key.error().code, Code::kNotFound);
  EXPECT_NE(no_key.error().hint.find("--key"), std::string::npos);
  ASSERT_TRUE(write_file_atomically(key, as_bytes("abc\n")).ok());
  EXPECT_EQ(read_public_key(key, KeyNamed::kBeside).error().code, Code::kInvalid);
  ASSERT_TRUE(write_file_atomically(key, as_bytes(std::string(64, 'a') + "\n")).ok());
  EXPECT_EQ(read_public_key(key, KeyNamed::kBeside)->bytes[31], 0xaa);
}

// Fault G13: whoever may write to the key decides whose code is run.
TEST(Packed, AKeyThatOthersMayWriteToIsRefused) {
  const std::string key = testing::TempDir() + "ferry-open.pub";
  ASSERT_TRUE(write_file_atomically(key, as_bytes(std::string(64, 'a') + "\n"), 0666).ok());
  const auto refused = read_public_key(key, KeyNamed::kByUser);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_EQ(refused.error().hint, "chmod go-w " + key);
  ASSERT_EQ(chmod(key.c_str(), 0644), 0);
  EXPECT_TRUE(read_public_key(key, KeyNamed::kByUser).ok());
  if (geteuid() == 0) {
    ASSERT_EQ(chown(key.c_str(), 12345, 12345), 0);
    EXPECT_EQ(read_public_key(key, KeyNamed::kBeside).error().code, Code::kDenied);
    EXPECT_TRUE(read_public_key(key, KeyNamed::kByUser).ok());
  }
  unlink(key.c_str());
}

// The key is right and the signature too: what it was made for is what stops it.
TEST(Packed, WhatIsMissingOrIsNoBundleIsNamed) {
  auto missing = read_packed("/nowhere/hello.ferry", "");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message,
            "--bundle /nowhere/hello.ferry: there is no such file or folder");
  char path[] = "/tmp/ferry-no-bundle-XXXXXX";
  const Fd file(mkstemp(path));
  ASSERT_TRUE(write_all(file.get(), as_bytes(std::string(500, 'x')), path).ok());
  auto other = read_packed(path, "");
  unlink(path);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message, std::string("--bundle ") + path + ": this is not a bundle");
}

TEST(Packed, OfAnotherVersionOrCpuIsRefusedByTheProgram) {
  const std::string folder = testing::TempDir() + "ferry-other-cpu";
  ASSERT_TRUE(make_directories(folder).ok());
  bundle::VerifyKey shown;
  bundle::SigningKey secret;
  ASSERT_EQ(crypto_sign_keypair(shown.bytes.data(), secret.secret.data()), 0);
  ASSERT_TRUE(
      write_file_atomically(folder + "/ferry.pub", as_bytes(to_hex(shown.bytes) + "\n")).ok());
  const std::string foreign(machine_of(
      kThisArchitecture == Architecture::kAmd64 ? Architecture::kArm64 : Architecture::kAmd64));
  for (const std::string& fingerprint :
       {std::string("wasmtime 47.0.0 cpu:x86-64-v2"), "wasmtime/48.0.8 " + foreign + " portable",
        std::string()}) {
    bundle::BundleInfo info;
    info.function_name = "other";
    info.function_digest = "sha256:" + std::string(64, '0');
    info.engine_name = "wasmtime";
    info.engine_fingerprint = fingerprint;
    info.facts = "{}";
    const Bytes bundle = bundle::write_bundle(info, Bytes(4096, 0xcc), secret);
    ASSERT_TRUE(write_file_atomically(folder + "/other.ferry", bundle).ok());
    const std::string command =
        in_build("bin/ferry-host") + " --listen 127.0.0.1:0 --bundle " + folder + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string said(4096, '\0');
    said.resize(fread(said.data(), 1, said.size(), pipe));
    EXPECT_NE(pclose(pipe), 0) << fingerprint;
    EXPECT_THAT(said, testing::HasSubstr("was made for")) << fingerprint;
    if (fingerprint.find(foreign) != std::string::npos) {
      EXPECT_THAT(said, testing::HasSubstr(" CPUs, and this is ")) << said;
      EXPECT_THAT(said, testing::HasSubstr("ferry pack --arch ")) << said;
    }
  }
}

// The address of a port that was free a moment ago.
sockaddr_in free_address() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const Fd probe(socket(AF_INET, SOCK_STREAM, 0));
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return address;
}

bool connects(const sockaddr_in& address) {
  const Fd client(socket(AF_INET, SOCK_STREAM, 0));
  return connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Its key is a pipe that nobody writes to: it will never have read its bundles.
TEST(Serve, WhoCallsBeforeTheBundlesAreReadIsNotRefused) {
  std::string folder = testing::TempDir() + "ferry-host-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string key = folder + "/key";
  ASSERT_EQ(mkfifo(key.c_str(), 0600), 0);
  const std::string bundle = folder + "/x.ferry";
  ASSERT_TRUE(write_file_atomically(bundle, {}).ok());
  for (const char* platform : {"http", "openwhisk"}) {
    const sockaddr_in address = free_address();
    const std::string program = in_build("bin/ferry-host");
    const std::string listen = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    const pid_t child = fork();
    if (child == 0) {
      execl(program.c_str(), program.c_str(), "--platform", platform, "--listen", listen.c_str(),
            "--bundle", folder.c_str(), "--key", key.c_str(), "--quiet", nullptr);
      _exit(127);
    }
    bool heard = false;
    for (int i = 0; i < 1000 && !heard; ++i) {
      heard = connects(address);
      if (!heard) usleep(10'000);
    }
    EXPECT_TRUE(heard) << platform;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  unlink(key.c_str());
  unlink(bundle.c_str());
  rmdir(folder.c_str());
}

}  // namespace
}  // namespace ferry::hostmain
