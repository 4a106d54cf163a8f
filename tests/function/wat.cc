#include "function/wat.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"

namespace ferry::testing {
namespace {

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;  // NOLINT: a fixed command on our own files
}

}  // namespace

Bytes wat(std::string_view text, bool check) {
  TempFolder folder;
  const std::string source = folder.write("m.wat", text);
  const std::string target = folder.path() + "/m.wasm";
  if (!run("wat2wasm --enable-all " + std::string(check ? "" : "--no-check ") + source + " -o " +
           target)) {
    ADD_FAILURE() << "wat2wasm (Debian package wabt) failed on: " << text;
    return {};
  }
  return read_file(target, 64u << 20).value();
}

bool is_valid_wasm(ByteView wasm) {
  TempFolder folder;
  return run("wasm-validate --enable-all " + folder.write("m.wasm", wasm));
}

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ferry-test-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(std::string_view name, ByteView bytes) const {
  std::filesystem::path path = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(path.parent_path());
  EXPECT_TRUE(write_file_atomically(path.string(), bytes).ok());
  return path.string();
}

}  // namespace ferry::testing
