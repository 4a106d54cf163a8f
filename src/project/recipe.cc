#include "project/recipe.h"

#include <array>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "function/toml_reader.h"

namespace ferry::project {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestProjectFile = 1u << 20;
constexpr char kGetGo[] = "get Go 1.24 or newer from https://go.dev/dl";
constexpr char kGetCargo[] =
    "get Rust from https://rustup.rs, then: rustup target add wasm32-wasip1";

std::optional<std::string> read_marker(const std::string& folder, const char* name) {
  auto text = read_file((fs::path(folder) / name).string(), kLargestProjectFile);
  if (!text.ok()) {
    return std::nullopt;
  }
  return std::string(as_text(*text));
}

// The name that the Go command gives the program: the last element of the module's path, without a
// major version such as /v2 (https://go.dev/ref/mod#major-version-suffixes).
std::optional<std::string> go_program_name(std::string_view go_mod) {
  while (!go_mod.empty()) {
    std::string_view line = go_mod.substr(0, go_mod.find('\n'));
    go_mod.remove_prefix(std::min(go_mod.size(), line.size() + 1));
    constexpr std::string_view kModule = "module";
    if (!line.starts_with(kModule) || line.size() == kModule.size() ||
        (line[kModule.size()] != ' ' && line[kModule.size()] != '\t')) {
      continue;
    }
    line.remove_prefix(kModule.size());
    line = line.substr(0, line.find("//"));
    const std::size_t first = line.find_first_not_of(" \t\"\r");
    if (first == std::string_view::npos) {
      return std::nullopt;
    }
    std::string path(line.substr(first, line.find_last_not_of(" \t\"\r") + 1 - first));
    const std::size_t slash = path.rfind('/');
    if (slash != std::string::npos && path.size() > slash + 2 && path[slash + 1] == 'v' &&
        path.find_first_not_of("0123456789", slash + 2) == std::string::npos) {
      path.resize(slash);
    }
    return path.substr(path.rfind('/') + 1);
  }
  return std::nullopt;
}

// What may stand in a shell command and in a file's name as it is.
bool is_plain(std::string_view name) {
  return !name.empty() && name.front() != '-' && name.front() != '.' &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

Error no_name(const std::string& folder, std::string_view marker, std::string_view what) {
  return {Code::kInvalid,
          fmt::format("{}: {} has no {} that can name a file", folder, marker, what),
          "give it one, or write the build down as [build] command in a ferry.toml"};
}

Result<std::optional<Recipe>> go_recipe(const std::string& folder) {
  const auto text = read_marker(folder, "go.mod");
  if (!text) {
    return std::optional<Recipe>();
  }
  const auto name = go_program_name(*text);
  if (!name || !is_plain(*name)) {
    return no_name(folder, "go.mod", "module path");
  }
  return std::optional<Recipe>(
      {"go.mod",
       fmt::format("GOOS=wasip1 GOARCH=wasm go build -trimpath -o {0}.wasm .", *name),
       *name + ".wasm",
       {{"go", kGetGo}}});
}

Result<std::optional<Recipe>> cargo_recipe(const std::string& folder) {
  const auto text = read_marker(folder, "Cargo.toml");
  if (!text) {
    return std::optional<Recipe>();
  }
  const toml::parse_result parsed = toml::parse(*text);
  if (!parsed) {
    return Error{Code::kInvalid,
                 fmt::format("{}/Cargo.toml:{}: {}", folder, parsed.error().source().begin.line,
                             parsed.error().description()),
                 ""};
  }
  const auto name = parsed["package"]["name"].value<std::string>();
  if (!name || !is_plain(*name)) {
    return no_name(folder, "Cargo.toml", "[package] name");
  }
  return std::optional<Recipe>({"Cargo.toml",
                                "cargo build --release --target wasm32-wasip1",
                                fmt::format("target/wasm32-wasip1/release/{}.wasm", *name),
                                {{"cargo", kGetCargo}}});
}

}  // namespace

Result<std::optional<Recipe>> find_recipe(const std::string& folder) {
  // A new kind of project is one function above and one entry here.
  for (const auto look : {go_recipe, cargo_recipe}) {
    FERRY_TRY(auto recipe, look(folder));
    if (recipe) {
      return recipe;
    }
  }
  return std::optional<Recipe>();
}

bool program_in_path(std::string_view program) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (access(fmt::format("{}/{}", folder, program).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

Status check_tools(const Recipe& recipe, const FindProgram& find) {
  for (const Tool& tool : recipe.tools) {
    if (!find(tool.program)) {
      return Error{Code::kNotFound,
                   fmt::format("the build needs '{}' ({}), which is not in PATH", tool.program,
                               recipe.marker),
                   tool.get};
    }
  }
  return Done{};
}

}  // namespace ferry::project
