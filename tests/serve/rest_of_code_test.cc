#include "serve/rest_of_code.h"

#include <filesystem>
#include <future>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "bundle/bundle.h"
#include "bundle/elf_of_code.h"

namespace ferry::serve {
namespace {

class RestsOfCode : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ferry-code-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    bundle::MacKey key;
    key.bytes.fill(3);
    const std::string path = folder_ + "/f.ferry";
    const Bytes elf = bundle::elf_of_code(5);
    ASSERT_TRUE(write_file_atomically(
                    path, bundle::write_bundle({"f", "", "", "", "", "", {{0, 1}}}, elf, key))
                    .ok());
    auto opened = bundle::open_bundle(path, key);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    artifact_ = opened->artifact;
    file_ = Fd(::open(path.c_str(), O_WRONLY));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::shared_ptr<const bundle::Artifact> artifact_;
  Fd file_;
};

TEST_F(RestsOfCode, IsReadSoon) {
  ASSERT_FALSE(artifact_->is_read());
  const RestOfCode rest(
      {artifact_}, [](const Error& error) { FAIL() << error.text(); },
      std::chrono::milliseconds(1));
  while (!artifact_->is_read()) std::this_thread::yield();
  ASSERT_EQ(ftruncate(file_.get(), 0), 0);
  EXPECT_TRUE(artifact_->bytes().ok());
}

TEST_F(RestsOfCode, IsNotWaitedFor) {
  {
    const RestOfCode rest(
        {artifact_}, [](const Error&) {}, std::chrono::hours(1));
  }
  EXPECT_FALSE(artifact_->is_read());
}

TEST_F(RestsOfCode, SaysThatItWasChanged) {
  ASSERT_EQ(pwrite(file_.get(), "x", 1, bundle::kCodeAt + 3), 1);
  std::promise<Error> said;
  const RestOfCode rest(
      {artifact_}, [&](const Error& error) { said.set_value(error); },
      std::chrono::milliseconds(0));
  EXPECT_EQ(said.get_future().get().code, Code::kDenied);
  EXPECT_FALSE(artifact_->is_read());
}

}  // namespace
}  // namespace ferry::serve
