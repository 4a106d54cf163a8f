// The canonical ABI: handles, memory for results, strings, and what a hostile guest does with them.
#include <set>

#include "component_fixture.h"

namespace ferry::wasi2 {
namespace {

constexpr char kEnvironment[] = "wasi:cli/environment";

class AbiTest : public ComponentTest {
 protected:
  u32 stdout_stream() { return static_cast<u32>(call("wasi:cli/stdout", "get-stdout", {})); }
  u32 stdin_stream() { return static_cast<u32>(call("wasi:cli/stdin", "get-stdin", {})); }
};

TEST(FunctionsTest, AreFoundByInterfaceWithAnyVersionOf02) {
  const Function* poll = find_function("wasi:io/poll@0.2.0", "poll");
  ASSERT_NE(poll, nullptr);
  EXPECT_EQ(poll->params, "iii");
  EXPECT_EQ(poll->results, "");
  EXPECT_EQ(find_function("wasi:io/poll@0.2.12", "poll#2"), poll);
  EXPECT_EQ(find_function("wasi:io/poll@0.3.0", "poll"), nullptr);
  EXPECT_EQ(find_function("wasi:io/poll@0.2.0-rc-2023-11-10", "poll"), nullptr);
  EXPECT_NE(find_function("wasi:cli/stdin@0.3.1", "read-via-stream"), nullptr);
  EXPECT_EQ(find_function("wasi:cli/stdin@0.2.1", "read-via-stream"), nullptr);
  EXPECT_EQ(find_function("wasi:cli/stdin@0.3", "read-via-stream"), nullptr);
  EXPECT_EQ(find_function("wasi:cli/stdin@0.4.0", "read-via-stream"), nullptr);
  EXPECT_EQ(find_function("wasi:io/poll@0.2.", "poll"), nullptr);
  EXPECT_EQ(find_function("wasi:io/poll", "poll"), nullptr);
  EXPECT_EQ(find_function("wasi:io/poll@0.2.0", "pol"), nullptr);
  EXPECT_EQ(find_function("", ""), nullptr);
}

TEST(FunctionsTest, HaveTheFlattenedTypesOfTheCanonicalAbi) {
  const auto type = [](std::string_view module, std::string_view name) {
    const Function* found = find_function(module, name);
    return found == nullptr ? std::string("none")
                            : std::string(found->params) + ":" + std::string(found->results);
  };
  EXPECT_EQ(type("wasi:http/types@0.2.1", "[static]response-outparam.set"), "iiiiIiiii:");
  EXPECT_EQ(type("wasi:clocks/monotonic-clock@0.2.1", "now"), ":I");
  EXPECT_EQ(type("wasi:clocks/monotonic-clock@0.2.1", "subscribe-duration"), "I:i");
  EXPECT_EQ(type("wasi:io/streams@0.2.1", "[method]output-stream.splice"), "iiIi:");
  EXPECT_EQ(type("wasi:filesystem/types@0.2.1", "[method]descriptor.set-times-at"), "iiiiiIiiIii:");
  EXPECT_EQ(type("wasi:sockets/tcp@0.2.1", "[method]tcp-socket.start-bind"), "iiiiiiiiiiiiiii:");
  EXPECT_EQ(type("ferry:abi", "alloc_next"), ":I");
}

TEST(FunctionsTest, FindADropWhereverTheTypeIsUsed) {
  const Function* drop = find_function("wasi:io/streams@0.2.0", "[resource-drop]input-stream");
  ASSERT_NE(drop, nullptr);
  EXPECT_EQ(find_function("wasi:cli/stdin@0.2.0", "[resource-drop]input-stream"), drop);
  EXPECT_EQ(find_function("wasi:http/types@0.2.0", "[resource-drop]trailers"),
            find_function("wasi:http/types@0.2.0", "[resource-drop]fields"));
  EXPECT_EQ(find_function("wasi:cli/stdin@0.2.0", "[resource-drop]nothing"), nullptr);
}

TEST_F(AbiTest, HandlesBeginAtOneAndAreGivenOutAgain) {
  EXPECT_EQ(stdout_stream(), 1u);
  EXPECT_EQ(stdout_stream(), 2u);
  call(kStreams, "[resource-drop]output-stream", {1});
  EXPECT_EQ(stdin_stream(), 1u);
}

TEST_F(AbiTest, AHandleThatIsNoneEndsTheGuestByName) {
  EXPECT_EQ(trap(kStreams, "[method]output-stream.flush", {7, kRet}),
            "7 is not a handle, where one of type output-stream was expected");
}

TEST_F(AbiTest, AHandleOfAnotherTypeEndsTheGuest) {
  const u32 in = stdin_stream();
  EXPECT_NE(trap(kStreams, "[method]output-stream.flush", {in, kRet}).find("has type input-stream"),
            std::string::npos);
}

TEST_F(AbiTest, ZeroAndTheLargestNumberAreNoHandles) {
  trap(kStreams, "[resource-drop]output-stream", {0});
  begin();
  trap(kStreams, "[resource-drop]output-stream", {0xffffffff});
}

TEST_F(AbiTest, AHandleDroppedTwiceEndsTheGuest) {
  const u32 out = stdout_stream();
  call(kStreams, "[resource-drop]output-stream", {out});
  trap(kStreams, "[resource-drop]output-stream", {out});
}

TEST_F(AbiTest, ABorrowAfterTheDropEndsTheGuest) {
  const u32 out = stdout_stream();
  call(kStreams, "[resource-drop]output-stream", {out});
  trap(kStreams, "[method]output-stream.check-write", {out, kRet});
}

TEST_F(AbiTest, AParentDroppedBeforeItsChildEndsTheGuest) {
  const u32 out = stdout_stream();
  const u32 pollable = static_cast<u32>(call(kStreams, "[method]output-stream.subscribe", {out}));
  EXPECT_NE(trap(kStreams, "[resource-drop]output-stream", {out}).find("output-stream"),
            std::string::npos);
  begin();
  const u32 again = stdout_stream();
  EXPECT_EQ(static_cast<u32>(call(kStreams, "[method]output-stream.subscribe", {again})), pollable);
  call(kPoll, "[resource-drop]pollable", {pollable});
  call(kStreams, "[resource-drop]output-stream", {again});
}

TEST_F(AbiTest, AfterATrapNothingRunsAnyMore) {
  trap(kStreams, "[method]output-stream.flush", {7, kRet});
  EXPECT_TRUE(raw("wasi:cli/stdout", "get-stdout", {}).stop);
  EXPECT_EQ(session.trap(), "7 is not a handle, where one of type output-stream was expected");
}

TEST_F(AbiTest, PollablesByTheMillionEndTheGuestAndNotTheHost) {
  const u32 out = stdout_stream();
  int made = 0;
  for (; made < 1'000'000; ++made) {
    if (raw(kStreams, "[method]output-stream.subscribe", {out}).stop) break;
  }
  EXPECT_EQ(made, 65535);
  EXPECT_EQ(session.trap(), "more than 65536 handles at once");
}

TEST_F(AbiTest, EventsStartWithAnEmptyTable) {
  stdout_stream();
  begin();
  trap(kStreams, "[resource-drop]output-stream", {1});
}

TEST_F(AbiTest, ACallOutsideOfAnEventEndsTheGuest) {
  wasi::Context other(clock, random);
  EXPECT_TRUE(find_function("wasi:cli/stdout@0.2.0", "get-stdout")->call(other, {}, {}).stop);
}

TEST_F(AbiTest, AResultWithMemoryIsWrittenOnceAllOfItWasGiven) {
  begin(nullptr, {.lists = {.args = {"f", "two", ""}}});
  raw(kEnvironment, "get-arguments", {kRet});
  EXPECT_EQ(get(kRet), 0u);  // not yet
  EXPECT_EQ(raw(kAbiModule, "alloc_next", {}).value, (u64{4} << 32) + 24);
  raw(kAbiModule, "alloc_give", {kHeap});
  EXPECT_EQ(raw(kAbiModule, "alloc_next", {}).value, (u64{1} << 32) + 1);
  raw(kAbiModule, "alloc_give", {kHeap + 100});
  EXPECT_EQ(raw(kAbiModule, "alloc_next", {}).value, (u64{1} << 32) + 3);
  raw(kAbiModule, "alloc_give", {kHeap + 200});
  EXPECT_EQ(raw(kAbiModule, "alloc_next", {}).value, 0u);
  EXPECT_EQ(get(kRet), kHeap);
  EXPECT_EQ(get(kRet + 4), 3u);
  EXPECT_EQ(text(kHeap), "f");
  EXPECT_EQ(text(kHeap + 8), "two");
  EXPECT_EQ(text(kHeap + 16), "");
}

TEST_F(AbiTest, ReallocThatReturnsJunkEndsTheGuest) {
  for (u64 junk : {u64{kMemory}, u64{kMemory - 8}, u64{0xfffffffc}, u64{kHeap + 1}}) {
    begin(nullptr, {.lists = {.args = {"f", "two"}}});
    raw(kEnvironment, "get-arguments", {kRet});
    EXPECT_NE(trap(kAbiModule, "alloc_give", {junk}).find("realloc returned"), std::string::npos);
  }
}

TEST_F(AbiTest, ReallocThatCallsTheHostEndsTheGuest) {
  begin(nullptr, {.lists = {.args = {"f"}}});
  raw(kEnvironment, "get-arguments", {kRet});
  EXPECT_NE(trap("wasi:cli/stdout", "get-stdout", {}).find("not handed over"), std::string::npos);
}

TEST_F(AbiTest, MemoryThatNoResultWaitsForEndsTheGuest) { trap(kAbiModule, "alloc_give", {kHeap}); }

TEST_F(AbiTest, AReturnPointerIsAlignedAndInside) {
  const u32 out = stdout_stream();
  for (u64 ret : {u64{kRet + 4}, u64{kMemory - 8}, u64{0xfffffff8}}) {
    begin();
    EXPECT_EQ(stdout_stream(), out);
    trap(kStreams, "[method]output-stream.check-write", {out, ret});
  }
}

TEST_F(AbiTest, ListsOf4GiBEndTheGuest) {
  const u32 out = stdout_stream();
  trap(kStreams, "[method]output-stream.write", {out, kText, 0xffffffff, kRet});
  begin();
  trap(kPoll, "poll", {kText, 0x40000001, kRet});
  begin();
  trap(kHttp, "[static]fields.from-list", {kText, 0x10000001, kRet});
  begin();
  trap(kHttp, "[static]fields.from-list", {kText + 2, 1, kRet});
}

TEST_F(AbiTest, AStringCutInACodePointEndsTheGuest) {
  const u32 fields = static_cast<u32>(call(kHttp, "[constructor]fields", {}));
  const Passed name = pass("caf\xc3\xa9");
  EXPECT_EQ(call(kHttp, "[method]fields.has", {fields, name.at, name.size}), 0u);
  EXPECT_NE(trap(kHttp, "[method]fields.has", {fields, name.at, name.size - 1}).find("Unicode"),
            std::string::npos);
}

TEST_F(AbiTest, StringsOfMoreThanAMegabyteEndTheGuest) {
  memory.resize(4u << 20);
  const u32 fields = static_cast<u32>(call(kHttp, "[constructor]fields", {}));
  trap(kHttp, "[method]fields.has", {fields, 0, (1u << 20) + 1});
}

class EncodingTest : public AbiTest {
 protected:
  static constexpr u32 kUtf16 = 1;
  static constexpr u32 kLatin1 = 2;

  void next_is(u32 encoding) { raw(kAbiModule, "strings", {encoding}); }
  u32 pass_units(std::u16string_view units) {
    std::memcpy(memory.data() + kText, units.data(), units.size() * 2);
    return static_cast<u32>(units.size());
  }
  // Sets a field of that name and finds it by its UTF-8.
  bool is_name(u32 encoding, u32 length, std::string_view utf8) {
    const u32 fields = static_cast<u32>(call(kHttp, "[constructor]fields", {}));
    next_is(encoding);
    call(kHttp, "[method]fields.append", {fields, kText, length, 0, 0, kRet});
    EXPECT_EQ(get<u8>(kRet), 0);
    call(kHttp, "[method]fields.entries", {fields, kRet});
    return text(get(kRet)) == utf8;
  }
  std::u16string units(u32 at) const {
    std::u16string out(get(at + 4) & 0x7fffffff, u'\0');
    std::memcpy(out.data(), memory.data() + get(at), out.size() * 2);
    return out;
  }
};

TEST_F(EncodingTest, TakesStringsInUtf16) {
  EXPECT_TRUE(is_name(kUtf16, pass_units(u"x-name"), "x-name"));
  EXPECT_TRUE(is_name(kLatin1, pass_units(u"x-name") | 0x80000000u, "x-name"));
}

TEST_F(EncodingTest, TakesStringsInLatin1) {
  pass("x-name");
  EXPECT_TRUE(is_name(kLatin1, 6, "x-name"));
}

TEST_F(EncodingTest, HoldsForOneCall) {
  next_is(kUtf16);
  const u32 fields = static_cast<u32>(call(kHttp, "[constructor]fields", {}));
  pass("x");
  EXPECT_EQ(call(kHttp, "[method]fields.has", {fields, kText, 1}), 0u);
}

TEST_F(EncodingTest, EndsTheGuestForLoneSurrogates) {
  for (std::u16string_view bad :
       {std::u16string_view(u"a\xd800", 2), std::u16string_view(u"\xdc00", 1),
        std::u16string_view(u"\xd800\xd800", 2)}) {
    begin();
    const u32 fields = static_cast<u32>(call(kHttp, "[constructor]fields", {}));
    next_is(kUtf16);
    trap(kHttp, "[method]fields.has", {fields, kText, pass_units(bad)});
  }
}

TEST_F(EncodingTest, GivesStringsInWhatWasAskedFor) {
  begin(nullptr, {.lists = {.args = {"caf\xc3\xa9", "\xf0\x9f\x9a\xa2 \xe2\x82\xac"}}});
  next_is(kUtf16);
  call(kEnvironment, "get-arguments", {kRet});
  EXPECT_EQ(units(get(kRet)), u"caf\u00e9");
  EXPECT_EQ(units(get(kRet) + 8), u"\U0001f6a2 \u20ac");
  next_is(kLatin1);
  call(kEnvironment, "get-arguments", {kRet});
  EXPECT_EQ(text(get(kRet)), "caf\xe9");
  EXPECT_EQ(get(get(kRet) + 12), 0x80000000u + 4);
  EXPECT_EQ(units(get(kRet) + 8), u"\U0001f6a2 \u20ac");
}

TEST_F(EncodingTest, AnUnknownEncodingEndsTheGuest) { trap(kAbiModule, "strings", {3}); }

}  // namespace
}  // namespace ferry::wasi2
