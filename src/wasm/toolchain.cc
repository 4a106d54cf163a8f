#include "wasm/toolchain.h"

#include <algorithm>

#include <fmt/format.h>

#include "wasm/reader.h"

namespace ferry::wasm {
namespace {

// Enough for any toolchain; a longer list is not one.
constexpr std::size_t kMaxProducers = 64;

// "16.0.6 (https://…)" and "go1.26.8" → "16.0.6", "1.26.8".
std::string_view plain_version(std::string_view version) {
  const std::size_t digit = version.find_first_of("0123456789");
  if (digit == std::string_view::npos) {
    return {};
  }
  version.remove_prefix(digit);
  return version.substr(0, version.find_first_not_of(
                               "0123456789.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"));
}

struct Known {
  std::string_view producer;  // in the section
  std::string_view shown;
};

// In order of how much they say: a component made by componentize-js also names its parts.
constexpr Known kKnown[] = {{"ComponentizeJS", "ComponentizeJS"},
                            {"componentize-py", "componentize-py"},
                            {"TinyGo", "TinyGo"},
                            {"rustc", "Rust"},
                            {"Go cmd/compile", "Go"},
                            {"zig", "Zig"},
                            {"swiftc", "Swift"},
                            {"Kotlin", "Kotlin"},
                            {"clang", "clang"},
                            {"Debian clang", "clang"},
                            {"Ubuntu clang", "clang"},
                            {"Apple clang", "clang"}};

bool imports_from(const Binary& binary, std::string_view module, std::string_view prefix) {
  return std::any_of(binary.imports.begin(), binary.imports.end(), [&](const Import& import) {
    return import.module == module && import.name.starts_with(prefix);
  });
}

}  // namespace

std::vector<Producer> read_producers(ByteView contents) {
  std::vector<Producer> producers;
  Reader reader(contents);
  std::uint32_t fields = reader.count("fields", kMaxProducers);
  for (std::uint32_t f = 0; f < fields && reader.ok(); ++f) {
    std::string_view field = reader.name();
    std::uint32_t values = reader.count("values", kMaxProducers);
    for (std::uint32_t v = 0; v < values && reader.ok(); ++v) {
      std::string_view name = reader.name();
      std::string_view version = reader.name();
      if (reader.ok() && producers.size() < kMaxProducers) {
        producers.push_back({std::string(field), std::string(name), std::string(version)});
      }
    }
  }
  return producers;
}

std::string guess_toolchain(const Binary& binary) {
  for (const Known& known : kKnown) {
    for (const Producer& producer : binary.producers) {
      if (producer.field != "language" && producer.name == known.producer) {
        std::string_view version = plain_version(producer.version);
        return version.empty() ? std::string(known.shown)
                               : fmt::format("{} {}", known.shown, version);
      }
    }
  }
  for (const Producer& producer : binary.producers) {
    if (producer.field == "language") {
      std::string_view version = plain_version(producer.version);
      return version.empty() ? producer.name : fmt::format("{} {}", producer.name, version);
    }
  }
  if (imports_from(binary, "gojs", "") || imports_from(binary, "go", "")) {
    return "Go for JavaScript";
  }
  if (imports_from(binary, "env", "emscripten_") || imports_from(binary, "env", "_emscripten")) {
    return "Emscripten";
  }
  if (binary.find_export("__new", ExternKind::kFunc) != nullptr &&
      binary.find_export("__pin", ExternKind::kFunc) != nullptr) {
    return "AssemblyScript";
  }
  return "";
}

}  // namespace ferry::wasm
