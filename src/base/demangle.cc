#include "base/demangle.h"

#include <cstdlib>
#include <memory>

#include <cxxabi.h>

#include "base/rust_symbol.h"

namespace ferry {
namespace {

constexpr std::size_t kLongestSymbol = 4096;

struct Free {
  void operator()(char* text) const { std::free(text); }  // NOLINT: of malloc
};

}  // namespace

std::string demangle(std::string_view symbol) {
  std::string as_it_is(symbol);
  if (symbol.size() > kLongestSymbol) return as_it_is;
  if (auto rust = read_rust_symbol(symbol)) return *std::move(rust);
  if (!symbol.starts_with("_Z")) return as_it_is;
  int status = 0;
  const std::unique_ptr<char, Free> text(
      abi::__cxa_demangle(as_it_is.c_str(), nullptr, nullptr, &status));
  if (status != 0 || text == nullptr) return as_it_is;
  std::string out(text.get());
  // Rust's older scheme: the last part is a hash.
  const std::size_t hash = out.rfind("::h");
  if (hash != std::string::npos && out.size() - hash == 19) out.resize(hash);
  return out;
}

}  // namespace ferry
