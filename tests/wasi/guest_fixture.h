// A guest for tests: a small memory, a context with a clock and randomness that tests set, and
// calls by name.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "wasi/abi.h"
#include "wasi/calls.h"
#include "wasi/context.h"

namespace ferry::wasi {

// testing::Test has a member that hides the name.
using GuestSetup = Setup;

class FakeClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(Nanoseconds(wall_ns)); }
  Monotonic monotonic() const override { return Monotonic(Nanoseconds(monotonic_ns)); }
  void sleep_until(Monotonic until) const override {
    std::int64_t to = Nanoseconds(until.time_since_epoch()).count();
    slept.push_back(to);
    wall_ns += to - monotonic_ns;
    monotonic_ns = to;
  }

  mutable std::int64_t wall_ns = 1'000'000'000'000;
  mutable std::int64_t monotonic_ns = 5'000'000;
  mutable std::vector<std::int64_t> slept;
};

class FakeRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = next++;
    ++calls;
  }
  std::uint8_t next = 1;
  int calls = 0;
};

class GuestTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kMemory = 256u << 10;
  static constexpr std::uint32_t kResult = 16;            // where results are asked for
  static constexpr std::uint32_t kIovs = 64;              // iovec arrays
  static constexpr std::uint32_t kPath = 4096;            // first path
  static constexpr std::uint32_t kPath2 = 12288;          // second path
  static constexpr std::uint32_t kData = 65536;           // data
  static constexpr std::uint32_t kOutside = kMemory - 2;  // too close to the end for anything

  GuestTest() : memory(kMemory), context(clock, random) { reset(); }

  void reset(GuestSetup setup = {}) { context.reset(std::move(setup)); }

  CallResult raw(std::string_view name, std::initializer_list<std::uint64_t> args) {
    const Call* found = find_call(name);
    EXPECT_NE(found, nullptr) << name;
    if (found == nullptr) return {};
    EXPECT_EQ(found->params.size(), args.size()) << name;
    return found->function(context, {memory.data(), memory.size()}, std::data(args));
  }
  Errno call(std::string_view name, std::initializer_list<std::uint64_t> args) {
    CallResult result = raw(name, args);
    EXPECT_FALSE(result.stop) << name;
    return static_cast<Errno>(result.value);
  }

  template <typename T>
  T get(std::uint32_t at) const {
    T value;
    std::memcpy(&value, memory.data() + at, sizeof(T));
    return value;
  }
  template <typename T>
  void put(std::uint32_t at, const T& value) {
    std::memcpy(memory.data() + at, &value, sizeof(T));
  }
  std::uint32_t result() const { return get<std::uint32_t>(kResult); }
  std::uint64_t result64() const { return get<std::uint64_t>(kResult); }
  std::string text(std::uint32_t at, std::size_t size) const {
    return {reinterpret_cast<const char*>(memory.data() + at), size};
  }
  std::uint64_t put_text(std::uint32_t at, std::string_view value) {
    std::memcpy(memory.data() + at, value.data(), value.size());
    return value.size();
  }

  // One slice at kIovs.
  void slice(std::uint32_t data, std::uint32_t size, std::uint32_t index = 0) {
    put(kIovs + index * 8, GuestIovec{data, size});
  }
  Errno write(std::uint32_t fd, std::string_view value) {
    slice(kData, static_cast<std::uint32_t>(put_text(kData, value)));
    return call("fd_write", {fd, kIovs, 1, kResult});
  }
  // Up to `size` bytes from a descriptor, or the errno as text.
  std::string read(std::uint32_t fd, std::uint32_t size) {
    slice(kData, size);
    Errno error = call("fd_read", {fd, kIovs, 1, kResult});
    if (error != Errno::kSuccess) return "errno " + std::to_string(static_cast<int>(error));
    return text(kData, result());
  }

  std::vector<std::uint8_t> memory;
  FakeClock clock;
  FakeRandom random;
  Context context;
};

// A guest with a granted folder of the host: `root`, whose /rw is granted as "/" (descriptor 3)
// and whose /ro is granted read-only as "/ro" (4). `root`/secret lies outside of both.
class FileTest : public GuestTest {
 protected:
  static constexpr std::uint64_t kAllRights = rights::kAll;
  static constexpr std::uint64_t kReadOnlyRights = rights::kAll & ~rights::kFdWrite;

  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "ferry-wasi-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
    std::filesystem::create_directories(root / "rw");
    std::filesystem::create_directories(root / "ro");
    host_write("secret", "secret");
    host_write("ro/file", "read me");
    grant();
  }
  void TearDown() override { std::filesystem::remove_all(root); }

  void grant(Quotas quotas = {}) {
    reset();
    directories.clear();
    auto rw = Directory::open(root / "rw", "/", false);
    auto ro = Directory::open(root / "ro", "/ro", true);
    ASSERT_TRUE(rw.ok()) << rw.error().text();
    ASSERT_TRUE(ro.ok()) << ro.error().text();
    directories.push_back(std::move(*rw));
    directories.push_back(std::move(*ro));
    GuestSetup setup;
    setup.quotas = quotas;
    setup.directories = &directories;
    reset(std::move(setup));
  }

  void host_write(const std::string& path, std::string_view value) {
    std::ofstream(root / path) << value;
  }
  std::string host_read(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(root / path).rdbuf();
    return out.str();
  }
  bool host_has(const std::string& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(root / path));
  }

  struct Open {
    std::uint32_t dir = 3;
    std::uint32_t lookup = 0;
    std::uint32_t oflags = 0;
    std::uint64_t base = kAllRights;
    std::uint64_t inheriting = kAllRights;
    std::uint32_t fdflags = 0;
  };
  Errno open(std::string_view path, const Open& how) {
    auto size = put_text(kPath, path);
    return call("path_open", {how.dir, how.lookup, kPath, size, how.oflags, how.base,
                              how.inheriting, how.fdflags, kResult});
  }
  // The new descriptor.
  std::uint32_t must_open(std::string_view path, const Open& how) {
    EXPECT_EQ(open(path, how), Errno::kSuccess) << path;
    return result();
  }
  std::uint32_t create(std::string_view path) { return must_open(path, {.oflags = kOpenCreat}); }
  Errno with_path(std::string_view name, std::uint32_t fd, std::string_view path) {
    return call(name, {fd, kPath, put_text(kPath, path)});
  }
  Errno stat(std::uint32_t fd, std::string_view path, bool follow = false) {
    return call("path_filestat_get", {fd, follow, kPath, put_text(kPath, path), kResult});
  }
  GuestFilestat stat_result() const { return get<GuestFilestat>(kResult); }
  Errno rename(std::uint32_t from_fd, std::string_view from, std::uint32_t to_fd,
               std::string_view to) {
    return call("path_rename",
                {from_fd, kPath, put_text(kPath, from), to_fd, kPath2, put_text(kPath2, to)});
  }
  Errno link(std::uint32_t from_fd, std::string_view from, std::uint32_t to_fd, std::string_view to,
             std::uint32_t flags = 0) {
    return call("path_link", {from_fd, flags, kPath, put_text(kPath, from), to_fd, kPath2,
                              put_text(kPath2, to)});
  }
  Errno symlink(std::string_view target, std::uint32_t fd, std::string_view path) {
    return call("path_symlink",
                {kPath, put_text(kPath, target), fd, kPath2, put_text(kPath2, path)});
  }
  Errno readlink(std::uint32_t fd, std::string_view path, std::uint32_t room = 100) {
    return call("path_readlink", {fd, kPath, put_text(kPath, path), kData, room, kResult});
  }
  std::string denial() const { return context.denial() ? context.denial()->text() : ""; }

  std::filesystem::path root;
  std::vector<Directory> directories;
};

inline void PrintTo(Errno error, std::ostream* out) { *out << "errno " << static_cast<int>(error); }

}  // namespace ferry::wasi
