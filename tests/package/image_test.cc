#include "package/image.h"

#include <cstring>
#include <map>

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "base/digest.h"
#include "package/tar.h"

namespace ferry::package {
namespace {

namespace json = boost::json;

struct TarEntry {
  Bytes bytes;
  std::string header;
};

std::uint64_t octal(std::string_view field) {
  std::uint64_t out = 0;
  for (char c : field) {
    if (c >= '0' && c <= '7') {
      out = out * 8 + static_cast<unsigned>(c - '0');
    }
  }
  return out;
}

// A reader of its own, from POSIX's text, that checks each header's sum.
std::map<std::string, TarEntry> untar(ByteView tar) {
  std::map<std::string, TarEntry> out;
  EXPECT_EQ(tar.size() % 512, 0u);
  for (std::size_t at = 0; at + 512 <= tar.size() && tar[at] != 0;) {
    const std::string header(as_text(tar.subspan(at, 512)));
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 512; ++i) {
      sum += i >= 148 && i < 156 ? static_cast<unsigned>(' ') : tar[at + i];
    }
    EXPECT_EQ(octal(header.substr(148, 8)), sum);
    EXPECT_EQ(header.substr(257, 8), std::string("ustar\00000", 8));
    const std::uint64_t size = octal(header.substr(124, 12));
    ByteView data = tar.subspan(at + 512, size);
    const std::string name = header.substr(0, header.find('\0'));
    EXPECT_EQ(out.count(name), 0u) << name;
    out[name] = {Bytes(data.begin(), data.end()), header};
    at += 512 + (size + 511) / 512 * 512;
  }
  return out;
}

ImageSpec spec() {
  ImageSpec out;
  out.tag = "team/hello:1.0";
  out.files = {{"ferry/hello.ferry", Bytes(700, 'x'), 0644},
               {"ferry/ferry-host", Bytes(513, 'h'), 0755}};
  out.entrypoint = {"/ferry/ferry-host"};
  out.labels = {{"io.ferry.digest", "sha256:\"quoted\""}};
  return out;
}

Result<Image> write_one(const ImageSpec& spec) { return write_image({&spec, 1}); }

json::value blob(const std::map<std::string, TarEntry>& tar, const json::value& descriptor) {
  const std::string digest(descriptor.at("digest").as_string());
  const auto& bytes = tar.at("blobs/sha256/" + digest.substr(7)).bytes;
  EXPECT_EQ(digest_of(bytes), digest);
  EXPECT_EQ(static_cast<std::size_t>(descriptor.at("size").as_int64()), bytes.size());
  return json::parse(as_text(bytes));
}

TEST(Image, IsAnOciLayoutWhoseDigestsHold) {
  const Image image = *write_one(spec());
  const auto tar = untar(image.tar);
  EXPECT_EQ(as_text(tar.at("oci-layout").bytes), R"({"imageLayoutVersion":"1.0.0"})");
  const json::value index = json::parse(as_text(tar.at("index.json").bytes));
  EXPECT_EQ(index.at("manifests").at(0).at("digest").as_string(), image.digest);
  const json::value manifest = blob(tar, index.at("manifests").at(0));
  const json::value config = blob(tar, manifest.at("config"));
  const json::value& layer = manifest.at("layers").at(0);
  EXPECT_EQ(config.at("rootfs").at("diff_ids").at(0).as_string(), layer.at("digest").as_string());
  EXPECT_EQ(config.at("config").at("User").as_string(), "65532:65532");
  EXPECT_EQ(config.at("config").at("Labels").at("io.ferry.digest").as_string(),
            "sha256:\"quoted\"");

  const std::string name = "blobs/sha256/" + std::string(layer.at("digest").as_string()).substr(7);
  const auto files = untar(tar.at(name).bytes);
  EXPECT_EQ(files.size(), 3u);
  EXPECT_EQ(files.at("ferry/ferry-host").bytes, Bytes(513, 'h'));
  EXPECT_EQ(octal(files.at("ferry/ferry-host").header.substr(100, 8)), 0755u);
  EXPECT_EQ(octal(files.at("ferry/hello.ferry").header.substr(108, 8)), 0u) << "owned by root";
  EXPECT_EQ(files.at("ferry/").header[156], '5');
}

// As containerd imports it: one name, whose index has a manifest for each kind of CPU.
TEST(Image, ForTwoArchitecturesIsAnIndex) {
  ImageSpec other = spec();
  other.architecture = "arm64";
  other.files[1].bytes = Bytes(600, 'a');
  const Image image = *write_image(std::vector<ImageSpec>{spec(), other});
  const auto tar = untar(image.tar);
  const json::value layout = json::parse(as_text(tar.at("index.json").bytes));
  ASSERT_EQ(layout.at("manifests").as_array().size(), 1u);
  const json::value& named = layout.at("manifests").at(0);
  EXPECT_EQ(named.at("mediaType").as_string(), "application/vnd.oci.image.index.v1+json");
  EXPECT_EQ(named.at("digest").as_string(), image.digest);
  EXPECT_EQ(named.at("annotations").at("org.opencontainers.image.ref.name").as_string(),
            "team/hello:1.0");
  const json::value index = blob(tar, named);
  EXPECT_EQ(json::serialize(index), json::serialize(json::parse(image.index)));
  ASSERT_EQ(index.at("manifests").as_array().size(), 2u);
  for (const std::size_t i : {0u, 1u}) {
    const json::value& each = index.at("manifests").at(i);
    const char* architecture = i == 0 ? "amd64" : "arm64";
    EXPECT_EQ(each.at("platform").at("architecture").as_string(), architecture);
    EXPECT_EQ(each.at("digest").as_string(), image.platforms[i].digest);
    const json::value config = blob(tar, blob(tar, each).at("config"));
    EXPECT_EQ(config.at("architecture").as_string(), architecture);
  }
  const json::value docker = json::parse(as_text(tar.at("manifest.json").bytes));
  ASSERT_EQ(docker.as_array().size(), 1u);
  EXPECT_EQ(tar.at(std::string(docker.at(0).at("Config").as_string())).bytes,
            Bytes(image.platforms[0].config.begin(), image.platforms[0].config.end()));
}

TEST(Image, DockerFindsConfigLayersAndTag) {
  const auto tar = untar(write_one(spec())->tar);
  const json::value docker = json::parse(as_text(tar.at("manifest.json").bytes));
  EXPECT_EQ(docker.at(0).at("RepoTags").at(0).as_string(), "team/hello:1.0");
  EXPECT_EQ(tar.count(std::string(docker.at(0).at("Config").as_string())), 1u);
  EXPECT_EQ(tar.count(std::string(docker.at(0).at("Layers").at(0).as_string())), 1u);
}

TEST(Image, TagGetsLatestWhenItHasNoVersion) {
  ImageSpec plain = spec();
  plain.tag = "localhost:5000/hello";
  const auto tar = untar(write_one(plain)->tar);
  const json::value docker = json::parse(as_text(tar.at("manifest.json").bytes));
  EXPECT_EQ(docker.at(0).at("RepoTags").at(0).as_string(), "localhost:5000/hello:latest");
}

TEST(Image, SameInputGivesSameBytesInAnyOrder) {
  ImageSpec turned = spec();
  std::swap(turned.files[0], turned.files[1]);
  EXPECT_EQ(write_one(spec())->tar, write_one(turned)->tar);
}

TEST(Image, RefusesNamesThatNoRegistryTakes) {
  for (const char* tag : {"", "Hello", "a b", "a//b", "a:", "-a", "a/", "a:b:c/", "a..b:-1"}) {
    EXPECT_FALSE(is_image_tag(tag)) << tag;
  }
  for (const char* tag : {"a", "a:1", "localhost:5000/a", "reg.example.com/x/y:V1.0_x"}) {
    EXPECT_TRUE(is_image_tag(tag)) << tag;
  }
}

TEST(Image, RefusesFilesThatLeaveTheRoot) {
  ImageSpec bad = spec();
  bad.files[0].path = "../x";
  EXPECT_FALSE(write_one(bad).ok());
}

}  // namespace
}  // namespace ferry::package
