#include "package/zip.h"

#include <cstring>

#include <gmock/gmock.h>

#include "package/zip_format.h"

namespace ferry::package {
namespace {

using testing::HasSubstr;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

std::vector<ZipEntry> two_files() {
  return {{"a.txt", bytes_of("first"), 0644}, {"dir/b", bytes_of(std::string(5000, 'b')), 0755}};
}

Bytes zip_of(const std::vector<ZipEntry>& entries) {
  auto out = write_zip(entries);
  EXPECT_TRUE(out.ok());
  return *out;
}

template <typename T>
T* record(Bytes& zip, std::uint32_t mark, int nth = 0) {
  for (std::size_t at = 0; at + sizeof(T) <= zip.size(); ++at) {
    if (std::memcmp(zip.data() + at, &mark, sizeof mark) == 0 && nth-- == 0) {
      return reinterpret_cast<T*>(zip.data() + at);
    }
  }
  ADD_FAILURE() << "no such record";
  return nullptr;
}

// Replaces a name wherever it is; the same length, so that nothing moves.
Bytes renamed(Bytes zip, std::string_view from, std::string_view to) {
  EXPECT_EQ(from.size(), to.size());
  std::string text(as_text(zip));
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
    text.replace(at, from.size(), to);
  }
  return bytes_of(text);
}

std::string error_of(const Bytes& zip, const ZipLimits& limits = {}) {
  auto out = read_zip(zip, limits);
  EXPECT_FALSE(out.ok());
  return out.ok() ? "" : out.error().message;
}

TEST(Zip, ReadsWhatItWrote) {
  auto out = read_zip(zip_of(two_files()), {});
  ASSERT_TRUE(out.ok()) << out.error().text();
  ASSERT_EQ(out->size(), 2u);
  EXPECT_EQ((*out)[0].name, "a.txt");
  EXPECT_EQ((*out)[0].bytes, bytes_of("first"));
  EXPECT_EQ((*out)[1].name, "dir/b");
  EXPECT_EQ((*out)[1].bytes.size(), 5000u);
  EXPECT_EQ((*out)[1].mode, 0755u);
}

TEST(Zip, SameInputGivesSameBytes) { EXPECT_EQ(zip_of(two_files()), zip_of(two_files())); }

TEST(Zip, ReadsAnEmptyArchiveAndAnEmptyFile) {
  EXPECT_TRUE(read_zip(zip_of({}), {})->empty());
  EXPECT_EQ(read_zip(zip_of({{"e", {}, 0644}}), {})->at(0).bytes.size(), 0u);
}

TEST(Zip, RefusesEveryTruncation) {
  const Bytes whole = zip_of(two_files());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_zip(ByteView(whole).first(size), {}).ok()) << size;
  }
}

TEST(Zip, RefusesNamesThatLeadElsewhere) {
  const Bytes zip = zip_of({{"aa/bb", bytes_of("x"), 0644}});
  for (const char* name : {"../bb", "/a/bb", "aa/..", "aa//b", "aa\\bb", "./abb", "aa/b\n"}) {
    EXPECT_THAT(error_of(renamed(zip, "aa/bb", name)), HasSubstr("leads out")) << name;
  }
}

TEST(Zip, RefusesToWriteNamesThatLeadElsewhere) {
  EXPECT_FALSE(write_zip({{"../x", {}, 0644}}).ok());
  EXPECT_FALSE(write_zip({{"", {}, 0644}}).ok());
}

TEST(Zip, RefusesSymbolicLinks) {
  Bytes zip = zip_of({{"link", bytes_of("/etc/passwd"), 0644}});
  record<ZipCentral>(zip, kCentralMark)->external_attributes = 0120777u << 16;
  EXPECT_THAT(error_of(zip), HasSubstr("symbolic link"));
}

TEST(Zip, RefusesTwoFilesOfOneName) {
  const Bytes zip = zip_of({{"aaa", bytes_of("1"), 0644}, {"bbb", bytes_of("2"), 0644}});
  EXPECT_THAT(error_of(renamed(zip, "bbb", "aaa")), HasSubstr("two files are named aaa"));
}

TEST(Zip, RefusesABombByItsSizeBeforeUnpacking) {
  const Bytes zip = zip_of({{"bomb", Bytes(10u << 20), 0644}});
  EXPECT_LT(zip.size(), 20'000u);
  EXPECT_THAT(error_of(zip, {10, 1u << 20}), HasSubstr("more than 1048576"));
}

TEST(Zip, RefusesABombThatLiesAboutItsSize) {
  Bytes zip = zip_of({{"bomb", Bytes(10u << 20), 0644}});
  record<ZipCentral>(zip, kCentralMark)->size = 1000;
  EXPECT_THAT(error_of(zip, {10, 1u << 20}), HasSubstr("does not unpack"));
  record<ZipCentral>(zip, kCentralMark)->size = 200u << 20;
  EXPECT_THAT(error_of(zip), HasSubstr("does not unpack"));
}

TEST(Zip, RefusesFilesThatShareBytes) {
  Bytes zip =
      zip_of({{"aaa", bytes_of(std::string(300, '1')), 0644}, {"bbb", Bytes(1u << 20), 0644}});
  const ZipCentral big = *record<ZipCentral>(zip, kCentralMark, 1);
  ZipCentral* small = record<ZipCentral>(zip, kCentralMark, 0);
  small->local_offset = big.local_offset;
  EXPECT_THAT(error_of(zip), HasSubstr("disagree"));
  small->packed_size = small->size = 0xfffffff;
  EXPECT_FALSE(read_zip(zip, {10, 1ull << 40}).ok());
}

TEST(Zip, RefusesMoreFilesThanTheLimit) {
  EXPECT_THAT(error_of(zip_of(two_files()), {1, 1u << 20}), HasSubstr("the limit is 1"));
}

TEST(Zip, RefusesAWrongChecksum) {
  Bytes zip = zip_of(two_files());
  record<ZipCentral>(zip, kCentralMark)->crc ^= 1;
  EXPECT_THAT(error_of(zip), HasSubstr("wrong checksum"));
}

TEST(Zip, RefusesWhatItDoesNotKnow) {
  Bytes encrypted = zip_of(two_files());
  record<ZipCentral>(encrypted, kCentralMark)->flags |= kEncryptedFlag;
  EXPECT_THAT(error_of(encrypted), HasSubstr("encrypted"));
  Bytes method = zip_of(two_files());
  record<ZipCentral>(method, kCentralMark)->method = 12;
  EXPECT_THAT(error_of(method), HasSubstr("method 12"));
  EXPECT_THAT(error_of(bytes_of("PK but no zip")), HasSubstr("no end record"));
}

// Each field that says where something is, or how much, says something else.
TEST(Zip, RefusesListsAndHeadersThatDisagree) {
  const auto with = [](auto change) {
    Bytes zip = zip_of({{"aaa", bytes_of("1"), 0644}});
    change(*record<ZipEnd>(zip, kEndMark), *record<ZipCentral>(zip, kCentralMark),
           *record<ZipLocal>(zip, kLocalMark));
    return error_of(zip);
  };
  constexpr std::uint32_t kZip64 = 0xffffffff;  // "see elsewhere"
  using E = ZipEnd;
  using C = ZipCentral;
  using L = ZipLocal;
  EXPECT_THAT(with([](E& e, C&, L&) { e.disk = 1; }), HasSubstr("more than one part"));
  EXPECT_THAT(with([](E& e, C&, L&) { e.central_disk = 1; }), HasSubstr("more than one part"));
  EXPECT_THAT(with([](E& e, C&, L&) { e.entries = 2; }), HasSubstr("more than one part"));
  EXPECT_THAT(with([](E& e, C&, L&) { e.entries = e.entries_here = 0xffff; }), HasSubstr("Zip64"));
  EXPECT_THAT(with([](E& e, C&, L&) { e.central_offset = kZip64; }), HasSubstr("Zip64"));
  EXPECT_THAT(with([](E& e, C&, L&) { e.central_offset += 1; }),
              HasSubstr("its list is not where"));
  EXPECT_THAT(with([](E& e, C&, L&) { e.entries = e.entries_here = 2; }), HasSubstr("cut off"));
  EXPECT_THAT(with([](E&, C& c, L&) { c.comment_size = 1; }), HasSubstr("past its end"));
  EXPECT_THAT(with([](E&, C& c, L&) { c.name_size = 0xffff; }), HasSubstr("cut off"));
  EXPECT_THAT(with([](E&, C& c, L&) { c.size = kZip64; }), HasSubstr("Zip64"));
  EXPECT_THAT(with([](E&, C& c, L&) { c.packed_size = kZip64; }), HasSubstr("Zip64"));
  EXPECT_THAT(with([](E&, C& c, L&) { c.local_offset = kZip64; }), HasSubstr("Zip64"));
  EXPECT_THAT(with([](E&, C& c, L&) { c.local_offset = 0xfffffffe; }), HasSubstr("not where"));
  EXPECT_THAT(with([](E&, C& c, L&) { c.local_offset = 1; }), HasSubstr("not where"));
  EXPECT_THAT(with([](E&, C&, L& l) { l.name_size = 0xffff; }), HasSubstr("disagree"));
  EXPECT_THAT(with([](E&, C&, L& l) { l.method ^= 8; }), HasSubstr("disagree"));
  EXPECT_THAT(with([](E&, C&, L& l) { l.extra_size = 0xffff; }), HasSubstr("not inside"));
  EXPECT_THAT(with([](E&, C& c, L& l) { c.method = l.method = 0, c.size = 2, c.packed_size = 1; }),
              HasSubstr("does not have the size it says"));
}

TEST(Zip, FoldersAreNoFiles) {
  Bytes zip = zip_of({{"aaa", bytes_of(""), 0644}});
  const auto out = read_zip(renamed(zip, "aaa", "aa/"), {});
  ASSERT_TRUE(out.ok()) << out.error().text();
  EXPECT_TRUE(out->empty());
}

TEST(Zip, NoChangeOfOneByteCrashes) {
  const Bytes whole = zip_of({{"aaa", bytes_of("some text to pack"), 0644}});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int value : {0, 0x7f, 0xff}) {
      Bytes zip = whole;
      zip[at] = static_cast<std::uint8_t>(value);
      auto out = read_zip(zip, {10, 1u << 20});
      if (out.ok()) {
        EXPECT_EQ(out->at(0).bytes, bytes_of("some text to pack")) << at;
      }
    }
  }
}

}  // namespace
}  // namespace ferry::package
