// The table that judges a module's imports (wasm/wasi_names.h) and the one that serves them.
#include <gtest/gtest.h>

#include "wasi/calls.h"
#include "wasm/wasi_names.h"

namespace ferry::wasi {
namespace {

TEST(Names, AreThoseOfTheCallsThatAreServed) {
  auto names = wasm::wasi_names();
  auto served = calls();
  ASSERT_EQ(names.size(), served.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view bound = names[i].bound.empty() ? names[i].name : names[i].bound;
    EXPECT_EQ(bound, served[i].name);
    EXPECT_EQ(names[i].params, served[i].params) << bound;
    EXPECT_EQ(served[i].has_result, bound != "proc_exit") << bound;
  }
}

}  // namespace
}  // namespace ferry::wasi
