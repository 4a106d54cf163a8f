#include "bundle/bundle.h"

#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_of_code.h"

namespace ferry::bundle {
namespace {

class BundleTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ferry-bundle-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/b.ferry";
    key_.bytes.fill(7);
    ASSERT_EQ(crypto_sign_keypair(verify_.bytes.data(), signing_.secret.data()), 0);
    info_ = {"hello", "sha256:00", "wasmtime", "wasmtime/48 x", "[function]\n", "{}", {}};
    for (int i = 0; i < 10'000; ++i) artifact_.push_back(static_cast<std::uint8_t>(i * 31));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void put(ByteView bytes, unsigned mode = 0600) {
    ASSERT_TRUE(write_file_atomically(path_, bytes, mode).ok());
  }
  void expect_good(const Result<Bundle>& bundle) const {
    ASSERT_TRUE(bundle.ok()) << bundle.error().text();
    EXPECT_EQ(bundle->info.function_name, "hello");
    EXPECT_EQ(bundle->info.function_digest, "sha256:00");
    EXPECT_EQ(bundle->info.engine_name, "wasmtime");
    EXPECT_EQ(bundle->info.engine_fingerprint, "wasmtime/48 x");
    EXPECT_EQ(bundle->info.manifest, "[function]\n");
    EXPECT_EQ(bundle->info.facts, "{}");
    ASSERT_EQ(bundle->artifact->size(), artifact_.size());
    Bytes read(artifact_.size());
    ASSERT_EQ(pread(*bundle->artifact->proven(), read.data(), read.size(), 0),
              static_cast<ssize_t>(read.size()));
    EXPECT_EQ(read, artifact_);
  }

  std::string folder_, path_;
  MacKey key_;
  SigningKey signing_;
  VerifyKey verify_;
  BundleInfo info_;
  Bytes artifact_;
};

TEST_F(BundleTest, ComesBackAsItWent) {
  put(write_bundle(info_, artifact_, key_));
  expect_good(open_bundle(path_, key_));
  put(write_bundle(info_, artifact_, signing_));
  expect_good(open_bundle(path_, verify_));
}

TEST_F(BundleTest, ComesBackFromMemory) {
  expect_good(open_bundle(write_bundle(info_, artifact_, key_), key_));
  expect_good(open_bundle(write_bundle(info_, artifact_, signing_), verify_));
}

TEST_F(BundleTest, CarriesTheFilesOfTheFunction) {
  auto tree = wasi::FileTree::make({{"a/b", "content"}});
  ASSERT_TRUE(tree.ok());
  info_.files = *tree;
  const auto bundle = open_bundle(write_bundle(info_, artifact_, signing_), verify_);
  expect_good(bundle);
  ASSERT_NE(bundle->info.files, nullptr);
  EXPECT_EQ(bundle->info.files->archive(), (*tree)->archive());
  Bytes changed = write_bundle(info_, artifact_, signing_);
  const std::string_view text = as_text(changed);
  changed[text.find("content")] ^= 1;
  EXPECT_EQ(open_bundle(changed, verify_).error().code, Code::kDenied);
}

TEST_F(BundleTest, EmptyFieldsAndArtifact) {
  const auto bundle = open_bundle(write_bundle({}, {}, key_), key_);
  ASSERT_TRUE(bundle.ok()) << bundle.error().text();
  EXPECT_EQ(bundle->artifact->size(), 0u);
  EXPECT_TRUE(bundle->info.function_name.empty());
}

TEST_F(BundleTest, NoTwoAreTheSame) {
  EXPECT_NE(write_bundle(info_, artifact_, key_), write_bundle(info_, artifact_, key_));
}

TEST_F(BundleTest, EveryFlippedBitIsNoticed) {
  artifact_.resize(300);
  const Bytes by_mac = write_bundle(info_, artifact_, key_);
  for (std::size_t i = 0; i < by_mac.size(); ++i) {
    Bytes changed = by_mac;
    changed[i] ^= 1u << (i % 8);
    EXPECT_FALSE(open_bundle(changed, key_).ok()) << "byte " << i;
  }
  const Bytes by_name = write_bundle(info_, artifact_, signing_);
  for (std::size_t i = 0; i < by_name.size(); ++i) {
    Bytes changed = by_name;
    changed[i] ^= 1u << (i % 8);
    EXPECT_FALSE(open_bundle(changed, verify_).ok()) << "byte " << i;
  }
}

// Code that is proven on its own: a change is seen when it is touched, all else at once.
TEST_F(BundleTest, EveryPartOfOneWithCodeIsCovered) {
  artifact_ = elf_of_code(5);
  artifact_.insert(artifact_.end(), 100, 0x55);  // as data behind the code
  const Bytes good = write_bundle(info_, artifact_, signing_);
  put(good);
  expect_good(open_bundle(path_, verify_));
  ASSERT_NE(open_bundle(path_, verify_)->artifact->code(), nullptr);
  const std::size_t code_end = kCodeAt + 5 * kCodePiece;
  for (std::size_t at :
       {std::size_t{0}, std::size_t{kCodeAt - 1}, code_end, artifact_.size() - 1,
        artifact_.size() + 8 /* padding */, artifact_.size() + 40 /* hashes of pages */,
        good.size() - 200 /* info */, good.size() - 150 /* where the code lies */,
        good.size() - 140, good.size() - 130, good.size() - 1}) {
    Bytes changed = good;
    changed[at] ^= 1;
    EXPECT_FALSE(open_bundle(changed, verify_).ok()) << at;
  }
  for (std::size_t at : {std::size_t{kCodeAt}, std::size_t{kCodeAt + kCodePiece}, code_end - 1}) {
    Bytes changed = good;
    changed[at] ^= 1;
    const auto bundle = open_bundle(changed, verify_);
    ASSERT_TRUE(bundle.ok()) << at;
    EXPECT_EQ(bundle->artifact->proven().error().code, Code::kDenied) << at;
  }
}

TEST_F(BundleTest, WhatAStartUsesComesBack) {
  info_.early = {{0, 1}, {2, 70}, {79, 1}};
  // Nothing is kept of it where there is no code on its own.
  const auto without = open_bundle(write_bundle(info_, artifact_, key_), key_);
  ASSERT_TRUE(without.ok()) << without.error().text();
  EXPECT_TRUE(without->info.early.empty());
  artifact_ = elf_of_code(5);
  const Bytes good = write_bundle(info_, artifact_, signing_);
  const auto bundle = open_bundle(good, verify_);
  ASSERT_TRUE(bundle.ok()) << bundle.error().text();
  EXPECT_EQ(bundle->info.early, info_.early);
  EXPECT_EQ(bundle->artifact->code()->early, info_.early);
  Bytes changed = good;
  changed[changed.size() - 152 - 1] ^= 1;  // the last run's length
  EXPECT_EQ(open_bundle(changed, verify_).error().code, Code::kDenied);
}

TEST_F(BundleTest, RunsThatMakeNoSenseAreInvalid) {
  artifact_ = elf_of_code(5);  // 80 pages
  using Runs = std::vector<PageRun>;
  for (const Runs& runs :
       {Runs{{0, 0}}, Runs{{79, 2}}, Runs{{80, 1}}, Runs{{81, 0xFFFFFFFF}}, Runs{{3, 0xFFFFFFFF}},
        Runs{{0, 2}, {1, 1}}, Runs{{0, 2}, {2, 1}}, Runs{{5, 1}, {0, 1}}}) {
    info_.early = runs;
    EXPECT_EQ(open_bundle(write_bundle(info_, artifact_, key_), key_).error().code, Code::kInvalid)
        << runs[0].first << " " << runs[0].count;
  }
}

TEST_F(BundleTest, ForgedHashesAreDenied) {
  artifact_ = elf_of_code(5);
  const Bytes good = write_bundle(info_, artifact_, key_);
  artifact_[kCodeAt + 9] ^= 1;
  MacKey other;
  const Bytes forged = write_bundle(info_, artifact_, other);
  // The forger's code and hashes under the maker's tag.
  Bytes mixed = forged;
  std::copy(good.end() - 96, good.end(), mixed.end() - 96);
  EXPECT_EQ(open_bundle(mixed, key_).error().code, Code::kDenied);
  EXPECT_TRUE(open_bundle(good, key_).ok());
}

TEST_F(BundleTest, ChangedArtifactIsDenied) {
  Bytes bytes = write_bundle(info_, artifact_, key_);
  bytes[5] ^= 1;
  put(bytes);
  const auto bundle = open_bundle(path_, key_);
  ASSERT_FALSE(bundle.ok());
  EXPECT_EQ(bundle.error().code, Code::kDenied);
}

TEST_F(BundleTest, CutOffIsInvalid) {
  const Bytes bytes = write_bundle(info_, artifact_, key_);
  for (std::size_t keep :
       {std::size_t{0}, std::size_t{1}, std::size_t{135}, bytes.size() / 2, bytes.size() - 1}) {
    put(ByteView(bytes).first(keep));
    const auto bundle = open_bundle(path_, key_);
    ASSERT_FALSE(bundle.ok()) << keep;
    EXPECT_EQ(bundle.error().code, Code::kInvalid) << keep;
  }
}

TEST_F(BundleTest, BytesPutInFrontAreDenied) {
  Bytes bytes = write_bundle(info_, artifact_, key_);
  bytes.insert(bytes.begin(), 16, 0);
  EXPECT_EQ(open_bundle(bytes, key_).error().code, Code::kDenied);
}

TEST_F(BundleTest, AnotherKeyIsDenied) {
  MacKey other;
  other.bytes.fill(8);
  EXPECT_EQ(open_bundle(write_bundle(info_, artifact_, key_), other).error().code, Code::kDenied);
  VerifyKey stranger;
  SigningKey secret;
  ASSERT_EQ(crypto_sign_keypair(stranger.bytes.data(), secret.secret.data()), 0);
  EXPECT_EQ(open_bundle(write_bundle(info_, artifact_, signing_), stranger).error().code,
            Code::kDenied);
}

TEST_F(BundleTest, OneKindDoesNotPassForTheOther) {
  EXPECT_EQ(open_bundle(write_bundle(info_, artifact_, key_), verify_).error().code, Code::kDenied);
  EXPECT_EQ(open_bundle(write_bundle(info_, artifact_, signing_), key_).error().code,
            Code::kDenied);
}

TEST_F(BundleTest, AnotherVersionIsUnsupported) {
  Bytes bytes = write_bundle(info_, artifact_, key_);
  for (const std::uint8_t version : {1, 2, 3, 5}) {
    bytes[bytes.size() - 112] = version;  // docs/formats/bundle.md: the footer's version
    EXPECT_EQ(open_bundle(bytes, key_).error().code, Code::kUnsupported);
  }
}

TEST_F(BundleTest, WhatIsNoBundleIsInvalid) {
  put(as_bytes("#!/bin/sh\necho no bundle\n"));
  EXPECT_EQ(open_bundle(path_, key_).error().code, Code::kInvalid);
  EXPECT_EQ(open_bundle(folder_, key_).error().code, Code::kInvalid);
  EXPECT_EQ(open_bundle(folder_ + "/nothing", key_).error().code, Code::kNotFound);
}

// What was checked is what is used, whoever owns the file: here it changes in place afterwards.
TEST_F(BundleTest, AFileThatChangesAfterItWasOpenedChangesNothing) {
  for (const unsigned mode : {0600u, 0666u}) {
    put(write_bundle(info_, artifact_, signing_));
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    const auto bundle = open_bundle(path_, verify_);
    const Fd writer(::open(path_.c_str(), O_WRONLY));
    ASSERT_EQ(pwrite(writer.get(), "changed", 7, 0), 7);
    expect_good(bundle);
    ASSERT_EQ(ftruncate(writer.get(), 0), 0);
    expect_good(bundle);
  }
}

// Code is read where it is first used: afterwards a change changes nothing, before it is noticed.
TEST_F(BundleTest, CodeThatChangesBeforeItWasReadIsRefused) {
  artifact_ = elf_of_code(5);
  put(write_bundle(info_, artifact_, signing_));
  const auto bundle = open_bundle(path_, verify_);
  ASSERT_TRUE(bundle.ok()) << bundle.error().text();
  EXPECT_TRUE(bundle->artifact->reads_code());
  struct stat status {};
  ASSERT_EQ(fstat(bundle->artifact->file(), &status), 0);
  EXPECT_LT(static_cast<std::uint64_t>(status.st_blocks) * 512, kCodeAt + kCodePiece);
  expect_good(bundle);

  const auto another = open_bundle(path_, verify_);
  const Fd writer(::open(path_.c_str(), O_WRONLY));
  ASSERT_EQ(pwrite(writer.get(), "changed", 7, kCodeAt + kCodePiece), 7);
  expect_good(bundle);
  EXPECT_EQ(another->artifact->proven().error().code, Code::kDenied);
  ASSERT_EQ(ftruncate(writer.get(), 0), 0);
  expect_good(bundle);
  EXPECT_FALSE(another->artifact->proven().ok());
}

TEST_F(BundleTest, WhatIsUsedIsSealed) {
  for (const bool with_code : {false, true}) {
    if (with_code) artifact_ = elf_of_code(5);
    put(write_bundle(info_, artifact_, signing_));
    const auto bundle = open_bundle(path_, verify_);
    ASSERT_TRUE(bundle.ok());
    constexpr int kAll = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    for (const int fd : {bundle->artifact->file(), *bundle->artifact->proven()}) {
      EXPECT_EQ(fcntl(fd, F_GET_SEALS) & kAll, kAll);
      EXPECT_EQ(pwrite(fd, "x", 1, 0), -1);
    }
  }
}

TEST_F(BundleTest, ASealedOneIsOpenedWithoutACopy) {
  auto sealed = seal_bundle(write_bundle(info_, artifact_, key_));
  ASSERT_TRUE(sealed.ok()) << sealed.error().text();
  Fd other(dup(sealed->get()));
  expect_good(open_sealed(*std::move(sealed), key_));
  MacKey wrong;
  wrong.bytes.fill(8);
  EXPECT_EQ(open_sealed(std::move(other), wrong).error().code, Code::kDenied);
}

TEST_F(BundleTest, OneThatCouldStillChangeIsNotOpenedAsSealed) {
  put(write_bundle(info_, artifact_, key_));
  EXPECT_EQ(open_sealed(Fd(open(path_.c_str(), O_RDONLY)), key_).error().code, Code::kDenied);
  const Fd memory(memfd_create("unsealed", MFD_ALLOW_SEALING));
  const Bytes bytes = write_bundle(info_, artifact_, key_);
  ASSERT_TRUE(write_all(memory.get(), bytes, "memory").ok());
  EXPECT_EQ(open_sealed(Fd(dup(memory.get())), key_).error().code, Code::kDenied);
  auto empty = seal_bundle({});
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(open_sealed(*std::move(empty), key_).error().code, Code::kInvalid);
}

TEST_F(BundleTest, EngineAndCpuMustBeTheSame) {
  EXPECT_TRUE(check_bundle_engine(info_, "wasmtime", "wasmtime/48 x").ok());
  const Status other = check_bundle_engine(info_, "wasmtime", "wasmtime/48 y");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::kUnsupported);
  EXPECT_NE(other.error().message.find("wasmtime/48 x"), std::string::npos);
  EXPECT_NE(other.error().message.find("wasmtime/48 y"), std::string::npos);
  EXPECT_FALSE(check_bundle_engine(info_, "wasmer", "wasmtime/48 x").ok());
}

}  // namespace
}  // namespace ferry::bundle
