#include "project/recipe.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "event/json_text.h"
#include "function/toml_reader.h"

namespace ferry::project {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestProjectFile = 1u << 20;
constexpr char kGetGo[] = "get Go 1.24 or newer from https://go.dev/dl";
constexpr char kGetCargo[] = "get Rust from https://rustup.rs, then: rustup target add {}";
constexpr char kGetNode[] = "get Node.js 20 or newer from https://nodejs.org";
constexpr char kGetZig[] =
    "get Zig 0.17 from https://ziglang.org/download, or: python3 -m pip install ziglang";
constexpr char kGetComponentizePy[] =
    "python3 -m pip install componentize-py==0.25.1, in a virtual environment that is active";

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

// What may appear in a shell command and in a file's name as it is.
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

// Nothing where there is no such file.
Result<std::optional<toml::table>> read_toml(const std::string& folder, const char* name) {
  const auto text = read_marker(folder, name);
  if (!text) {
    return std::optional<toml::table>();
  }
  toml::parse_result parsed = toml::parse(*text);
  if (!parsed) {
    return Error{Code::kInvalid,
                 fmt::format("{}/{}:{}: {}", folder, name, parsed.error().source().begin.line,
                             parsed.error().description()),
                 ""};
  }
  return std::optional<toml::table>(std::move(parsed).table());
}

// A library that is made for the component model, by one of the crates that make components: cargo
// then calls what it writes by the library's name, with '_' for '-'.
bool is_component_crate(const toml::table& cargo) {
  const toml::array* types = cargo["lib"]["crate-type"].as_array();
  if (types == nullptr || !std::ranges::any_of(*types, [](const toml::node& type) {
        return type.value_or(std::string_view()) == "cdylib";
      })) {
    return false;
  }
  constexpr std::array kCrates{"wasi", "wasip2", "wit-bindgen", "wit-bindgen-rt", "wstd"};
  return std::ranges::any_of(kCrates,
                             [&](const char* crate) { return bool(cargo["dependencies"][crate]); });
}

Result<std::optional<Recipe>> cargo_recipe(const std::string& folder) {
  FERRY_TRY(const auto cargo, read_toml(folder, "Cargo.toml"));
  if (!cargo) {
    return std::optional<Recipe>();
  }
  auto name = (*cargo)["package"]["name"].value<std::string>();
  if (!name || !is_plain(*name)) {
    return no_name(folder, "Cargo.toml", "[package] name");
  }
  const bool component = is_component_crate(*cargo);
  const char* target = component ? "wasm32-wasip2" : "wasm32-wasip1";
  if (component) {
    name = (*cargo)["lib"]["name"].value_or(*name);
    std::ranges::replace(*name, '-', '_');
    if (!is_plain(*name)) {
      return no_name(folder, "Cargo.toml", "[lib] name");
    }
  }
  return std::optional<Recipe>({"Cargo.toml",
                                fmt::format("cargo build --release --target {}", target),
                                fmt::format("target/{}/release/{}.wasm", target, *name),
                                {{"cargo", fmt::format(kGetCargo, target)}}});
}

// The program that a build.zig names first; a build may name it in other ways, and then says so in
// a ferry.toml.
Result<std::optional<Recipe>> zig_recipe(const std::string& folder) {
  const auto text = read_marker(folder, "build.zig");
  if (!text) {
    return std::optional<Recipe>();
  }
  constexpr std::string_view kName = ".name = \"";
  const std::size_t at = text->find(kName, std::min(text->find("addExecutable"), text->size()));
  const std::size_t begin = at == std::string::npos ? at : at + kName.size();
  const std::size_t end = at == std::string::npos ? at : text->find('"', begin);
  if (end == std::string::npos || !is_plain(text->substr(begin, end - begin))) {
    return no_name(folder, "build.zig", "addExecutable with a .name");
  }
  return std::optional<Recipe>(
      {"build.zig",
       "zig build",
       fmt::format("zig-out/bin/{}.wasm", text->substr(begin, end - begin)),
       {{"zig", kGetZig}}});
}

// A package whose script "build" writes a component, NAME.wasm. Others are not functions.
Result<std::optional<Recipe>> npm_recipe(const std::string& folder) {
  constexpr char kMarker[] = "package.json";
  const auto text = read_marker(folder, kMarker);
  if (!text) {
    return std::optional<Recipe>();
  }
  std::string name;
  bool builds = false;
  event::JsonWalker package(*text, event::JsonKind::kObject);
  while (package.next()) {
    if (package.key() == "\"name\"" &&
        event::kind_of(package.value()) == event::JsonKind::kString) {
      FERRY_TRY(name, event::decode_json_string(package.value()));
    } else if (package.key() == "\"scripts\"" &&
               event::kind_of(package.value()) == event::JsonKind::kObject) {
      event::JsonWalker scripts(package.value(), event::JsonKind::kObject);
      while (scripts.next()) {
        builds = builds || scripts.key() == "\"build\"";
      }
    }
  }
  if (Status whole = package.finish(); !whole.ok()) {
    return Error{Code::kInvalid, fmt::format("{}/{}: {}", folder, kMarker, whole.error().message),
                 ""};
  }
  if (!builds) {
    return std::optional<Recipe>();
  }
  name = name.substr(name.rfind('/') + 1);  // without a scope, "@acme/"
  if (!is_plain(name)) {
    return no_name(folder, kMarker, "\"name\"");
  }
  return std::optional<Recipe>(
      {kMarker,
       "test -d node_modules || npm install --no-audit --no-fund; npm run --silent build",
       name + ".wasm",
       {{"node", kGetNode}, {"npm", kGetNode}}});
}

// A project whose folder `wit` says what it is to the outside; its module is `entry`, or `app`.
Result<std::optional<Recipe>> python_recipe(const std::string& folder) {
  constexpr char kMarker[] = "pyproject.toml";
  FERRY_TRY(const auto project, read_toml(folder, kMarker));
  std::error_code failed;
  const fs::path home(folder);
  if (!project || !fs::is_directory(home / "wit", failed)) {
    return std::optional<Recipe>();
  }
  const auto name = (*project)["project"]["name"].value<std::string>();
  if (!name || !is_plain(*name)) {
    return no_name(folder, kMarker, "[project] name");
  }
  const char* module = fs::exists(home / "entry.py", failed) ? "entry" : "app";
  const char* packages = fs::is_directory(home / "deps", failed) ? " -p deps" : "";
  return std::optional<Recipe>(
      {kMarker,
       fmt::format("componentize-py -d wit componentize -p .{} {} -o {}.wasm", packages, module,
                   *name),
       *name + ".wasm",
       {{"componentize-py", kGetComponentizePy}}});
}

}  // namespace

Result<std::optional<Recipe>> find_recipe(const std::string& folder) {
  // A new kind of project is one function above and one entry here.
  for (const auto look : {go_recipe, cargo_recipe, zig_recipe, npm_recipe, python_recipe}) {
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
