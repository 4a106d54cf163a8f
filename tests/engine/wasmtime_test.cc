// What only this plug-in offers.
#include "engine/conformance.h"

namespace ferry::engine {
namespace {

TEST(Wasmtime, PortableCodeNamesNoCpuOfThisMachine) {
  EngineOptions options;
  options.compile_only = true;
  auto native = load_engine("wasmtime", options);
  auto portable = load_engine("wasmtime:portable", options);
  ASSERT_TRUE(native.ok()) << native.error().text();
  ASSERT_TRUE(portable.ok()) << portable.error().text();
  EXPECT_EQ((*portable)->info().variant, "portable");
  EXPECT_NE((*portable)->info().fingerprint, (*native)->info().fingerprint);
  EXPECT_TRUE((*portable)->info().fingerprint.ends_with("cpu:x86-64-v2"));
  const auto code = (*portable)->compile(guest("suite"));
  EXPECT_TRUE(code.ok()) << code.error().text();
}

TEST(Wasmtime, NoSuchVariantIsUsage) {
  auto engine = load_engine("wasmtime:winch", {});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code, Code::kUsage);
}

}  // namespace
}  // namespace ferry::engine
