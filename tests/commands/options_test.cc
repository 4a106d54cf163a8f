// Options as a person types them, through the whole command line.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "commands/app.h"

namespace ferry::commands {
namespace {

int run(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  return run_app(static_cast<int>(arguments.size()), argv.data());
}

// A file that is not there is looked for only once all options were understood.
constexpr const char* kNoFile = "/nonexistent/function.wasm";

TEST(OptionsTest, MayBeRepeatedWhereTheHelpSaysSo) {
  EXPECT_EQ(run({"ferry", "run", "--env", "A=1", "--env", "B=2", "--dir", "/tmp::/a", "--dir",
                 "/tmp::/b:ro", "--arg", "x", "--arg=y", kNoFile}),
            kExitNoEngineOrFile);
  EXPECT_EQ(run({"ferry", "serve", "--env", "A=1", "--env", "B=2", kNoFile, kNoFile}),
            kExitNoEngineOrFile);
}

TEST(OptionsTest, TakeOneValueEachTime) {
  // The function's name must not be swallowed as a second variable.
  EXPECT_EQ(run({"ferry", "run", "--env", "A=1"}), kExitUsage);
  EXPECT_EQ(run({"ferry", "run", "--env", "A=1", kNoFile}), kExitNoEngineOrFile);
}

}  // namespace
}  // namespace ferry::commands
