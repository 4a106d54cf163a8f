#include "base/architecture.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace ferry {
namespace {

TEST(Architecture, NamesGoBothWays) {
  for (const Architecture each : kArchitectures) EXPECT_EQ(find_architecture(name_of(each)), each);
  EXPECT_EQ(find_architecture("x86_64"), std::nullopt);
  EXPECT_EQ(find_architecture(""), std::nullopt);
}

TEST(Architecture, ThisOneIsTheMachines) {
  utsname machine{};
  ASSERT_EQ(uname(&machine), 0);
  EXPECT_EQ(machine_of(kThisArchitecture), machine.machine);
}

TEST(Architecture, IsAWordOfAFingerprint) {
  EXPECT_EQ(architecture_in("wasmtime/48.0.8 x86_64 portable cpu:x86-64-v2"), Architecture::kAmd64);
  EXPECT_EQ(architecture_in("wasmer x86_64+sse3+avx"), Architecture::kAmd64);
  EXPECT_EQ(architecture_in("cpu:aarch64"), Architecture::kArm64);
  EXPECT_EQ(architecture_in("my-aarch64 aarch64_be xx86_64"), std::nullopt);
  EXPECT_EQ(architecture_in("xaarch64 aarch64"), Architecture::kArm64);
  EXPECT_EQ(architecture_in("wasmi 2.0 cpu:x86-64-v2"), std::nullopt);
}

}  // namespace
}  // namespace ferry
