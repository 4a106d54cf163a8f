// Any bytes as a case file: read or refused; what was read is written so that it reads the same.
#include <cstdint>
#include <cstdlib>

#include "verify/case.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto none = [](const std::string& name) -> Result<std::string> { return name; };
  auto cases = verify::parse_cases(text, "fuzz.toml", none);
  if (!cases.ok()) {
    return 0;
  }
  std::map<std::string, std::string> files;
  const std::string written = verify::cases_to_toml(*cases, files);
  const auto beside = [&](const std::string& name) -> Result<std::string> {
    return files.at(name);
  };
  auto again = verify::parse_cases(written, "again.toml", beside);
  if (!again.ok() || *again != *cases) {
    std::abort();
  }
  return 0;
}
