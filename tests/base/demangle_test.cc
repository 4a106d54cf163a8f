#include "base/demangle.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(Demangle, LeavesOtherNamesAlone) {
  for (const char* name : {"", "main.main", "memcpy", "_R", "_RNv", "_Rx", "_Z", "__rust_alloc"}) {
    EXPECT_EQ(demangle(name), name);
  }
}

TEST(Demangle, ReadsCppAndRustsOlderScheme) {
  EXPECT_EQ(demangle("_ZN5hello5greetEi"), "hello::greet(int)");
  EXPECT_EQ(demangle("_ZN4core9panicking9panic_fmt17h0123456789abcdefE"),
            "core::panicking::panic_fmt");
}

// The examples of RFC 2603 and of the rustc book, "v0 Symbol Format".
TEST(Demangle, ReadsRustsNewerScheme) {
  const std::pair<const char*, const char*> names[] = {
      {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
      {"_RNvNtCs1234_7mycrate3bar3foo", "mycrate::bar::foo"},
      {"_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"},
      {"_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}"},
      {"_RNvMs_NtCs1234_7mycrate3bazNtB4_3Foo3new", "<mycrate::baz::Foo>::new"},
      {"_RNvXCs1234_7mycrateNtB2_3FooNtB2_3Bar3baz", "<mycrate::Foo as mycrate::Bar>::baz"},
      {"_RINvNtC3std3mem8align_ofjE", "std::mem::align_of::<usize>"},
      {"_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>"},
      {"_RINvCs1234_7mycrate7exampleReKj10_E", "mycrate::example::<&str, 16>"},
      {"_RINvC1a1fTjEE", "a::f::<(usize,)>"},
      {"_RINvC1a1fAhj4_E", "a::f::<[u8; 4]>"},
      {"_RINvC1a1fFUKCPaEuE", "a::f::<unsafe extern \"C\" fn(*const i8)>"},
      {"_RINvC1a1fFG_RL0_hEBa_E", nullptr},  // its last back-reference leads nowhere good
      {"_RINvC1a1fDNtC1b1TEL_E", "a::f::<dyn b::T>"},
      {"_RNvC7mycrateu8gdel_5qa", "mycrate::punycode{gdel_5qa}"},
  };
  for (const auto& [name, wanted] : names) {
    if (wanted != nullptr) {
      EXPECT_EQ(demangle(name), wanted) << name;
    } else {
      EXPECT_FALSE(demangle(name).empty());
    }
  }
}

TEST(Demangle, BearsDamage) {
  const std::string whole = "_RINvCs1234_7mycrate7exampleReKj10_E";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(demangle(whole.substr(0, size)).size() > 100);
  }
  EXPECT_EQ(demangle("_RNvB_1a"), "_RNvB_1a");  // refers to itself
  EXPECT_EQ(demangle("_R" + std::string(1000, 'N')), "_R" + std::string(1000, 'N'));
  // Each level says the one before it twice.
  std::string doubling = "_RINvC1a1fTjjE";
  std::size_t at = 8;
  for (int i = 0; i < 30; ++i) {
    doubling += "TB" + std::string(1, static_cast<char>('0' + at % 10)) + "_B_E";
  }
  EXPECT_LE(demangle(doubling + "E").size(), 5000u);
}

}  // namespace
}  // namespace ferry
