// A component with a folder: a file `f` of ten digits and a folder `d` within.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "component_fixture.h"

namespace ferry::wasi2 {

namespace fs = std::filesystem;

class FilesFixture : public ComponentTest {
 protected:
  FilesFixture() {
    std::string name = fs::temp_directory_path() / "ferry-wasi2-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
    std::ofstream(root / "f") << "0123456789";
    fs::create_directory(root / "d");
  }
  ~FilesFixture() override { fs::remove_all(root); }

  // Begins anew, with the folder granted as `guest_path`.
  void share(const char* guest_path, bool read_only, u32 open_files) {
    directories.clear();
    auto opened = wasi::Directory::open(root, guest_path, read_only);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    directories.push_back(std::move(*opened));
    begin(nullptr, {.quotas = {.open_files = open_files}, .directories = &directories});
  }

  // What a file holds, seen from the host.
  std::string host(const char* name) const {
    std::ostringstream out;
    out << std::ifstream(root / name).rdbuf();
    return out.str();
  }

  fs::path root;
  std::vector<wasi::Directory> directories;
  u32 dir = 0;
};

}  // namespace ferry::wasi2
