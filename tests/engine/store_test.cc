#include "bundle/store.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/elf_of_code.h"
#include "engine/conformance.h"

namespace ferry::engine {
namespace {

namespace fs = std::filesystem;

using bundle::BundleInfo;
using bundle::MacKey;
using bundle::Store;
using bundle::StoreOptions;

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ferry-store-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = folder;
    options_.folder = root_ + "/cache/ferry";
    auto made = function::make_function("suite", guest("suite"), {});
    ASSERT_TRUE(made.ok()) << made.error().text();
    function_ = std::make_unique<function::Function>(std::move(*made));
    engine_.name = "wasmtime";
    engine_.fingerprint = "wasmtime/48 cpu:x";
    engine_.capabilities.deadline = true;
  }
  void TearDown() override { fs::remove_all(root_); }

  // The artifact says which compilation made it.
  Store::Compile compile() {
    return [this](ByteView) -> Result<Bytes> {
      const std::string text = "artifact " + std::to_string(++compiled_);
      return Bytes(text.begin(), text.end());
    };
  }
  std::string get(Store& store) {
    auto bundle = store.get(*function_, engine_, compile(), &cached_);
    if (!bundle.ok()) return "error: " + bundle.error().text();
    warning_ = bundle->warning;
    Bytes read(bundle->artifact->size());
    if (pread(*bundle->artifact->proven(), read.data(), read.size(), 0) !=
        static_cast<ssize_t>(read.size())) {
      return "error: short";
    }
    return std::string(as_text(read));
  }
  std::string stored_file() const {
    for (const auto& entry : fs::directory_iterator(options_.folder)) {
      if (entry.path().extension() == ".ferry") return entry.path();
    }
    return "";
  }

  std::string root_;
  StoreOptions options_;
  std::unique_ptr<function::Function> function_;
  engine::Info engine_;
  std::atomic<int> compiled_{0};
  bool cached_ = false;
  std::string warning_;
};

TEST_F(StoreTest, CompilesOnceAndKeeps) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok()) << store.error().text();
  EXPECT_EQ(get(*store), "artifact 1");
  EXPECT_FALSE(cached_);
  EXPECT_EQ(get(*store), "artifact 1");
  EXPECT_TRUE(cached_);
  auto later = Store::open(options_);
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(get(*later), "artifact 1");
  EXPECT_TRUE(cached_);
}

TEST_F(StoreTest, IsOnlyThisUsers) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  struct stat status {};
  ASSERT_EQ(stat(options_.folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((options_.folder + "/store.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(stored_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(StoreTest, FolderThatOthersMayWriteIsRefused) {
  ASSERT_TRUE(Store::open(options_).ok());
  ASSERT_EQ(chmod(options_.folder.c_str(), 0777), 0);
  auto store = Store::open(options_);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, Code::kDenied);
}

TEST_F(StoreTest, FolderOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ASSERT_TRUE(Store::open(options_).ok());
  ASSERT_EQ(chown(options_.folder.c_str(), 65534, 65534), 0);
  auto store = Store::open(options_);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, Code::kDenied);
}

TEST_F(StoreTest, LinkInPlaceOfTheFolderIsRefused) {
  fs::create_directories(root_ + "/cache");
  fs::create_directory(root_ + "/elsewhere");
  fs::create_directory_symlink(root_ + "/elsewhere", options_.folder);
  EXPECT_FALSE(Store::open(options_).ok());
}

TEST_F(StoreTest, ChangedBundleIsMadeAnew) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  {
    std::fstream file(stored_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3);
    file.put('X');
  }
  EXPECT_EQ(get(*store), "artifact 2");
  EXPECT_FALSE(cached_);
  EXPECT_EQ(get(*store), "artifact 2");
  EXPECT_TRUE(cached_);
}

// Of much code what is not run is not looked at. Where a process that could not remove the bundle
// ended for that, all of it is.
TEST_F(StoreTest, ChangedCodeIsMadeAnewOnceItIsDistrusted) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  constexpr std::uint32_t kPieces = 64;
  const Store::Compile compile = [&](ByteView) -> Result<Bytes> {
    ++compiled_;
    return bundle::elf_of_code(kPieces);
  };
  const auto cached = [&] {
    const auto bundle = store->get(*function_, engine_, compile, &cached_);
    return bundle.ok() && cached_;
  };
  EXPECT_FALSE(cached());
  ASSERT_NE(store->get(*function_, engine_, compile, nullptr)->artifact->code(), nullptr);
  {
    std::fstream file(stored_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(bundle::kCodeAt + kPieces / 2 * bundle::kCodePiece));
    file.put('X');
  }
  EXPECT_TRUE(cached());
  store->prove_whole();
  EXPECT_FALSE(cached());
  EXPECT_EQ(compiled_, 2);
  EXPECT_TRUE(cached());
}

TEST_F(StoreTest, WithoutItsKeyItKeepsNothing) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  store->forget_key();
  EXPECT_EQ(get(*store), "artifact 2");
  EXPECT_EQ(get(*store), "artifact 3");
  auto later = Store::open(options_);
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(get(*later), "artifact 1");
}

TEST_F(StoreTest, TruncatedAndEmptyBundlesAreMadeAnew) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  fs::resize_file(stored_file(), 50);
  EXPECT_EQ(get(*store), "artifact 2");
  fs::resize_file(stored_file(), 0);
  EXPECT_EQ(get(*store), "artifact 3");
}

TEST_F(StoreTest, BundleOfAnotherKeyIsMadeAnew) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  BundleInfo info;
  info.function_digest = function_->digest;
  info.engine_name = engine_.name;
  info.engine_fingerprint = engine_.fingerprint;
  MacKey stranger;
  ASSERT_TRUE(
      write_file_atomically(stored_file(), write_bundle(info, as_bytes("evil"), stranger)).ok());
  EXPECT_EQ(get(*store), "artifact 2");
}

// As another version of ferry leaves it: its key and all else are right.
TEST_F(StoreTest, BundleWithARecordOfAnotherShapeIsMadeAnew) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  auto secret = read_file(options_.folder + "/store.key", 64);
  ASSERT_TRUE(secret.ok()) << secret.error().text();
  MacKey key;
  ASSERT_EQ(secret->size(), key.bytes.size());
  std::copy(secret->begin(), secret->end(), key.bytes.begin());
  auto bundle = open_bundle(stored_file(), key);
  ASSERT_TRUE(bundle.ok()) << bundle.error().text();
  BundleInfo info = bundle->info;
  EXPECT_EQ(get(*store), "artifact 1");
  info.facts = R"({"version":1})";
  ASSERT_TRUE(write_file_atomically(stored_file(), write_bundle(info, as_bytes("old"), key)).ok());
  EXPECT_EQ(get(*store), "artifact 2");
}

TEST_F(StoreTest, BundleOfAnotherFunctionInItsPlaceIsMadeAnew) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  const std::string first = stored_file();
  const std::string kept = root_ + "/kept";
  fs::rename(first, kept);
  engine_.fingerprint = "wasmtime/48 cpu:y";
  EXPECT_EQ(get(*store), "artifact 2");
  fs::rename(kept, stored_file());
  EXPECT_EQ(get(*store), "artifact 3");
}

// A component's lowered form, kept beside the bundles and as they are.
TEST_F(StoreTest, KeepsWhatAComponentWasLoweredTo) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  const Bytes lowered(3u << 20, 0x5A);
  EXPECT_FALSE(store->find("sha256:01"));
  store->keep("f", "sha256:01", lowered);
  const auto found = store->find("sha256:01");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, lowered);
  EXPECT_FALSE(store->find("sha256:02"));
  const auto info = store->info_of(stored_file());
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->function_name, "f");
  EXPECT_EQ(info->engine_name, "lowered");
  EXPECT_EQ(get(*store), "artifact 1") << "it is no bundle of the function's";
}

TEST_F(StoreTest, AChangedLoweredFormIsNotTaken) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  const Bytes lowered(4096, 0x5A);
  for (const std::size_t at : {std::size_t{0}, std::size_t{4095}}) {
    store->keep("f", "sha256:01", lowered);
    std::fstream file(stored_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put('x');
    file.close();
    EXPECT_FALSE(store->find("sha256:01")) << at;
  }
  store->keep("f", "sha256:01", lowered);
  fs::resize_file(stored_file(), 100);
  EXPECT_FALSE(store->find("sha256:01"));
  // In the place of another's.
  store->keep("f", "sha256:01", lowered);
  const std::string first = stored_file();
  fs::rename(first, root_ + "/first");
  store->keep("f", "sha256:02", lowered);
  fs::rename(root_ + "/first", stored_file());
  EXPECT_FALSE(store->find("sha256:02"));
}

TEST_F(StoreTest, AnotherEngineIsAnotherBundle) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  engine_.fingerprint = "wasmtime/49 cpu:x";
  EXPECT_EQ(get(*store), "artifact 2");
  engine_.fingerprint = "wasmtime/48 cpu:x";
  EXPECT_EQ(get(*store), "artifact 1");
}

TEST_F(StoreTest, FailedCompilationIsNotKept) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  const auto failed = store->get(
      *function_, engine_,
      [](ByteView) -> Result<Bytes> {
        return Error{Code::kLimit, "too slow", ""};
      },
      nullptr);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, Code::kLimit);
  EXPECT_EQ(get(*store), "artifact 1");
}

TEST_F(StoreTest, DiskThatTakesNothingStillRuns) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  const std::string file = stored_file();
  fs::remove(file);
  fs::create_directory(file);  // nothing can be renamed over a folder, not even by root
  EXPECT_EQ(get(*store), "artifact 2");
  EXPECT_FALSE(cached_);
  EXPECT_NE(warning_.find("could not be kept"), std::string::npos) << warning_;
}

TEST_F(StoreTest, ManyAtOnceCompileOnce) {
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      auto store = Store::open(options_);
      if (!store.ok()) {
        ++wrong;
        return;
      }
      auto bundle = store->get(*function_, engine_, compile(), nullptr);
      if (!bundle.ok() || bundle->artifact->size() != 10) ++wrong;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(compiled_, 1);
}

TEST_F(StoreTest, KeyCutShortIsReplaced) {
  auto store = Store::open(options_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(get(*store), "artifact 1");
  fs::resize_file(options_.folder + "/store.key", 5);
  auto later = Store::open(options_);
  ASSERT_TRUE(later.ok()) << later.error().text();
  EXPECT_EQ(get(*later), "artifact 2");
}

}  // namespace
}  // namespace ferry::engine
