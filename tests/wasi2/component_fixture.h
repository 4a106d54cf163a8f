// A lowered component for tests: a small memory with a realloc that hands it out in order, and
// calls by interface and name, each followed by what the component's wrappers do about memory.
#pragma once

#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "net/network.h"
#include "wasi/guest_fixture.h"
#include "wasi2/functions.h"
#include "wasi2/session.h"

namespace ferry::wasi2 {

using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

inline constexpr char kStreams[] = "wasi:io/streams";
inline constexpr char kPoll[] = "wasi:io/poll";
inline constexpr char kHttp[] = "wasi:http/types";

class ComponentTest : public testing::Test {
 protected:
  static constexpr u32 kMemory = 1u << 20;
  static constexpr u32 kRet = 64;      // where results are asked for
  static constexpr u32 kText = 4096;   // strings and lists that the guest passes
  static constexpr u32 kHeap = 65536;  // what realloc hands out

  ComponentTest() : memory(kMemory), context(clock, random), session(Session::of(context)) {
    begin();
  }

  void begin(const HttpRequest* request = nullptr, wasi::Setup setup = {}) {
    context.reset(std::move(setup));
    session.begin(request);
    heap = kHeap;
    text_at = kText;
  }

  // Begins again with connections granted to what the pattern names, by the system's network.
  void grant(std::string_view pattern) {
    access.policy = net::Policy({*net::parse_grant(pattern)});
    access.network = &net::system_network();
    wasi::Setup setup;
    setup.network = &access;
    setup.deadline = clock.monotonic() + std::chrono::seconds(30);
    begin(nullptr, std::move(setup));
  }

  CallResult raw(std::string_view interface, std::string_view name,
                 std::initializer_list<u64> args) {
    const bool whole = interface.starts_with("ferry:") || interface.find('@') != interface.npos;
    const std::string module = std::string(interface) + (whole ? "" : "@0.2.9");
    const Function* call = find_function(module, name);
    EXPECT_NE(call, nullptr) << interface << " " << name;
    if (call == nullptr) return {0, true};
    EXPECT_EQ(call->params.size(), args.size()) << interface << " " << name;
    std::vector<u64> slots(args);
    slots.resize(kMaxParams);
    return call->call(context, {memory.data(), memory.size()}, slots.data());
  }

  // As the wrapper of a lowered component does it: the call, then memory for its result.
  u64 call(std::string_view interface, std::string_view name, std::initializer_list<u64> args) {
    const CallResult result = raw(interface, name, args);
    EXPECT_FALSE(result.stop) << interface << " " << name << ": " << session.trap();
    while (!result.stop) {
      const u64 wanted = raw(kAbiModule, "alloc_next", {}).value;
      if (wanted == 0) break;
      const u32 alignment = static_cast<u32>(wanted >> 32);
      heap = (heap + alignment - 1) / alignment * alignment;
      EXPECT_FALSE(raw(kAbiModule, "alloc_give", {heap}).stop) << session.trap();
      heap += static_cast<u32>(wanted);
    }
    return result.value;
  }
  // The sentence with which a call ends the guest.
  std::string trap(std::string_view interface, std::string_view name,
                   std::initializer_list<u64> args) {
    const CallResult result = raw(interface, name, args);
    EXPECT_TRUE(result.stop) << interface << " " << name;
    EXPECT_EQ(context.stop(), wasi::Stop::kNone);
    return session.trap();
  }

  template <typename T = u32>
  T get(u32 at) const {
    T value;
    std::memcpy(&value, memory.data() + at, sizeof(T));
    return value;
  }
  template <typename T>
  void put(u32 at, T value) {
    std::memcpy(memory.data() + at, &value, sizeof(T));
  }
  // Puts a string where the next one goes; its pointer and length are then arguments.
  struct Passed {
    u32 at;
    u32 size;
  };
  Passed pass(std::string_view text) {
    const Passed out{text_at, static_cast<u32>(text.size())};
    std::memcpy(memory.data() + text_at, text.data(), text.size());
    text_at = (text_at + out.size + 7) & ~7u;
    return out;
  }
  // The string or list<u8> whose pointer and length lie there.
  std::string text(u32 at) const {
    return {reinterpret_cast<const char*>(memory.data()) + get(at), get(at + 4)};
  }

  wasi::FakeClock clock;
  wasi::FakeRandom random;
  std::vector<u8> memory;
  wasi::NetworkAccess access;
  wasi::Context context;
  Session& session;
  u32 heap = kHeap;
  u32 text_at = kText;
};

}  // namespace ferry::wasi2
