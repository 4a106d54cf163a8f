#include "base/blake3.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

struct Vector {
  std::size_t size;
  const char* hash;
};

// Of BLAKE3's own test vectors (their input: bytes 0 to 250, again and again), and by b3sum 1.2.0;
// below, at and above a chunk, four, eight and sixteen of them.
constexpr Vector kVectors[] = {
    {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
    {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
    {64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"},
    {65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee"},
    {1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
    {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
    {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
    {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
    {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
    {4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"},
    {8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63"},
    {8193, "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b"},
    {16384, "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4"},
    {16385, "1dabe216be2578830263b049de1639f39f05a4da616b9b78c7a5e4e41662fd1f"},
    {31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
    {102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
};

TEST(Blake3, TestVectors) {
  for (const Vector& vector : kVectors) {
    Bytes data(vector.size);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i % 251);
    EXPECT_EQ(to_hex(blake3(data)), vector.hash) << vector.size << " bytes";
  }
}

// As many as are taken at once, fewer, and more; in no order.
TEST(Blake3, PagesAreHashedAsIfAlone) {
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kMost = 37;
  Bytes data(kMost * kPage);
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<std::uint8_t>(i * 7 + i / 509);
  for (std::size_t count = 0; count <= kMost; ++count) {
    std::vector<const std::uint8_t*> pages;
    for (std::size_t i = 0; i < count; ++i) pages.push_back(data.data() + i * 5 % kMost * kPage);
    std::vector<std::array<std::uint8_t, 32>> hashes(count + 1);
    blake3_pages(pages, hashes.data());
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(hashes[i], blake3({pages[i], kPage})) << i << " of " << count;
    }
    EXPECT_EQ(hashes[count], (std::array<std::uint8_t, 32>{})) << "wrote behind the end";
  }
}

}  // namespace
}  // namespace ferry
