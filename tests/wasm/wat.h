// Modules for tests, written as text and made by wabt's wat2wasm.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferry::testing {

// Fails the test (and gives nothing) where the text is wrong or wat2wasm is missing. Modules that
// are meant to be invalid are made with `check` off.
Bytes wat(std::string_view text, bool check = true);

// Whether wabt's wasm-validate takes it; what it said is printed where it does not.
bool is_valid_wasm(ByteView wasm);

// Runs a script of the WebAssembly test language through wabt's interpreter; whether all its
// assertions held. What failed is printed.
bool run_wast(std::string_view script);
// "(module $name binary …)" and its registration under that name, for such a script.
std::string wast_binary(std::string_view name, ByteView wasm);

// A folder of this test process; gone when the object is.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  // Writes a file below the folder and gives its path.
  std::string write(std::string_view name, ByteView bytes) const;
  std::string write(std::string_view name, std::string_view text) const {
    return write(name, as_bytes(text));
  }

 private:
  std::string path_;
};

}  // namespace ferry::testing
