#include <array>
#include <filesystem>

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/ids.h"

namespace ferry {
namespace {

TEST(Time, RoundTripsRfc3339) {
  for (const char* text :
       {"2026-11-22T13:04:05Z", "1999-12-31T23:59:59.5Z", "2024-02-29T00:00:00.000000001Z"}) {
    auto time = from_rfc3339(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(to_rfc3339(*time), text);
  }
  EXPECT_EQ(to_rfc3339(*from_rfc3339("2026-11-22t13:04:05.120+02:00")), "2026-11-22T11:04:05.12Z");
}

TEST(Time, RefusesWhatIsNotRfc3339) {
  for (const char* text :
       {"", "now", "2026-11-22", "2026-11-22 13:04:05Z", "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T13:04:05",
        "2026-11-22T13:04:05.Z", "2026-11-22T13:04:05+0200", "2026-11-22T13:04:05Zx"}) {
    EXPECT_FALSE(from_rfc3339(text).ok()) << text;
  }
}

TEST(Time, PutsZerosInFront) {
  EXPECT_EQ(to_rfc3339(*from_rfc3339("1969-01-02T03:04:05.000000678Z")),
            "1969-01-02T03:04:05.000000678Z");
}

// What to_rfc3339() can be given, from the first nanosecond to the last.
TEST(Time, ReadsAllThatItWrites) {
  for (const std::int64_t count : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1'000'000'000},
                                   std::int64_t{-1}, INT64_MAX - 1, INT64_MAX}) {
    const WallTime time{Nanoseconds(count)};
    const auto again = from_rfc3339(to_rfc3339(time));
    ASSERT_TRUE(again.ok()) << to_rfc3339(time);
    EXPECT_EQ(*again, time) << to_rfc3339(time);
  }
  for (const char* text : {"2262-04-11T23:47:16.854775808Z", "1677-09-21T00:12:43.145224191Z",
                           "2262-04-11T23:47:16-01:00", "0000-01-01T00:00:00Z",
                           "9999-12-31T23:59:60.999999999-23:59"}) {
    EXPECT_FALSE(from_rfc3339(text).ok()) << text;
  }
}

TEST(Random, IsNotTheSameInAChild) {
  std::array<std::uint8_t, 16> here{};
  system_random().fill(here);  // there is a store to inherit
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    system_random().fill(here);
    _exit(write(ends[1], here.data(), here.size()) == 16 ? 0 : 1);
  }
  std::array<std::uint8_t, 16> there{};
  EXPECT_EQ(read(ends[0], there.data(), there.size()), 16);
  int status = 0;
  waitpid(child, &status, 0);
  system_random().fill(here);
  EXPECT_NE(here, there);
  close(ends[0]);
  close(ends[1]);
}

TEST(Base64, IsStrict) {
  EXPECT_EQ(to_base64(as_bytes("hello")), "aGVsbG8=");
  EXPECT_EQ(*from_base64("aGVsbG8="), "hello");
  EXPECT_EQ(*from_base64(""), "");
  for (const char* text : {"aGVsbG8", "aGVs bG8=", "aGVsbG9=", "====", "aGVsbG8=\n"}) {
    EXPECT_FALSE(from_base64(text).ok()) << text;
  }
}

// libsodium takes 128 bytes more for a '/', and so would say of any text that it is base64.
TEST(Base64, HasNoCharactersButItsOwn) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string text = {'A', 'A', c, 'A'};
    EXPECT_EQ(from_base64(text).ok(), kAlphabet.find(c) != kAlphabet.npos) << byte;
  }
}

TEST(Utf8, KnowsWellFormed) {
  EXPECT_TRUE(is_utf8("plain, é, 日本, \xF0\x9F\x9A\xA2"));
  for (const char* text :
       {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Digest, IsSha256) {
  EXPECT_EQ(digest_of(as_bytes("abc")),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, IsTheSameByInstructionsAndWithout) {
  std::array<std::uint8_t, 300> bytes{};
  system_random().fill(bytes);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    Sha256 expected{};
    crypto_hash_sha256(expected.data(), bytes.data(), size);
    ASSERT_EQ(sha256(ByteView(bytes).first(size)), expected) << size << " bytes";
  }
}

TEST(Ids, UuidV7HasVersionAndVariant) {
  std::string id = uuid_v7(system_clock(), system_random());
  ASSERT_EQ(id.size(), 36u);
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    EXPECT_EQ(id[i] == '-', dash) << id;
    EXPECT_TRUE(dash || std::string_view("0123456789abcdef").find(id[i]) != std::string::npos);
  }
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_NE(id, uuid_v7(system_clock(), system_random()));
}

TEST(File, WritesAllOrNothing) {
  auto folder = std::filesystem::temp_directory_path() /
                ("ferry-base-" + uuid_v7(system_clock(), system_random()));
  ASSERT_TRUE(make_directories(folder.string() + "/a/b").ok());
  std::string path = folder.string() + "/a/b/file";
  ASSERT_TRUE(write_file_atomically(path, as_bytes("one")).ok());
  EXPECT_FALSE(write_file_atomically(folder.string() + "/missing/file", as_bytes("two")).ok());
  auto read = read_file(path, 3);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(as_text(*read), "one");
  EXPECT_EQ(read_file(path, 2).error().code, Code::kLimit);
  EXPECT_EQ(read_file(path + "x", 2).error().code, Code::kNotFound);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ferry
