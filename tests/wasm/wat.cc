#include "wasm/wat.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace ferry::testing {
namespace {

// Everything that Debian's wabt knows but garbage collection and function references.
constexpr char kFeatures[] =
    " --enable-exceptions --enable-threads --enable-tail-call --enable-memory64 "
    "--enable-multi-memory --enable-extended-const --enable-relaxed-simd ";

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;  // NOLINT: a fixed command on our own files
}

}  // namespace

Bytes wat(std::string_view text, bool check) {
  TempFolder folder;
  const std::string source = folder.write("m.wat", text);
  const std::string target = folder.path() + "/m.wasm";
  if (!run(std::string("wat2wasm") + kFeatures + std::string(check ? "" : "--no-check ") + source +
           " -o " + target)) {
    ADD_FAILURE() << "wat2wasm (Debian package wabt) failed on: " << text;
    return {};
  }
  return read_file(target, 64u << 20).value();
}

bool is_valid_wasm(ByteView wasm) {
  TempFolder folder;
  return run(std::string("wasm-validate") + kFeatures + folder.write("m.wasm", wasm));
}

bool run_wast(std::string_view script) {
  TempFolder folder;
  const std::string source = folder.write("s.wast", script);
  const std::string out = folder.path() + "/out";
  // Quiet when all is well.
  return run("cd " + folder.path() + " && wast2json" + kFeatures + source + " -o s.json") &&
         run("cd " + folder.path() + " && { spectest-interp" + kFeatures + "s.json >" + out +
             " && ! grep -q 'error:' " + out + " || { cat " + out + "; false; }; }");
}

std::string wast_binary(std::string_view name, ByteView wasm) {
  std::string out = fmt::format("(module ${} binary \"", name);
  for (std::uint8_t byte : wasm) {
    out += fmt::format("\\{:02x}", byte);
  }
  return out + fmt::format("\")\n(register \"{0}\" ${0})\n", name);
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
