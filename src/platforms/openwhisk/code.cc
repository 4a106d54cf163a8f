#include "platforms/openwhisk/code.h"

#include <fmt/format.h>

#include "package/zip.h"

namespace ferry::platforms::openwhisk {
namespace {

constexpr std::string_view kWasmSuffix = ".wasm";
constexpr std::string_view kBundleSuffix = ".ferry";
constexpr std::string_view kManifestName = "ferry.toml";

constexpr char kHowTo[] =
    "upload a .wasm file, a bundle of `ferry pack`, or a zip of them, in base64";

std::string stem_of(std::string_view name, std::string_view suffix) {
  name.remove_suffix(suffix.size());
  return std::string(name.substr(name.rfind('/') + 1));
}

// What file managers put beside the files that somebody packed: macOS keeps what a zip has no place
// for in __MACOSX and in files that begin with "._".
bool is_clutter(std::string_view name) {
  return name.starts_with("__MACOSX/") || name.find("/__MACOSX/") != std::string_view::npos ||
         name.substr(name.rfind('/') + 1).starts_with("._");
}

std::string_view folder_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash + 1);
}

// The manifest beside the function, else the one at the top.
std::string manifest_for(const std::vector<package::ZipEntry>& entries, std::string_view function) {
  for (const std::string_view folder : {folder_of(function), std::string_view()}) {
    for (const package::ZipEntry& entry : entries) {
      if (entry.name == std::string(folder).append(kManifestName)) {
        return std::string(as_text(entry.bytes));
      }
    }
  }
  return "";
}

// The file that `main` names, else the only one there is.
Result<Upload> select(std::vector<package::ZipEntry> entries, const std::string& main) {
  std::vector<std::pair<Upload, std::size_t>> found;
  std::string names;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string& name = entries[i].name;
    const bool is_wasm = name.ends_with(kWasmSuffix);
    if ((!is_wasm && !name.ends_with(kBundleSuffix)) || is_clutter(name)) {
      continue;
    }
    Upload code;
    code.kind = is_wasm ? Upload::Kind::kWasm : Upload::Kind::kBundle;
    code.name = stem_of(name, is_wasm ? kWasmSuffix : kBundleSuffix);
    names += (names.empty() ? "" : ", ") + code.name;
    found.emplace_back(std::move(code), i);
  }
  for (auto& [code, index] : found) {
    if (code.name == main || found.size() == 1) {
      code.manifest = manifest_for(entries, entries[index].name);
      code.bytes = std::move(entries[index].bytes);
      return std::move(code);
    }
  }
  if (found.empty()) {
    return Error{Code::kInvalid, "the zip has neither a .wasm file nor a bundle", kHowTo};
  }
  return Error{Code::kInvalid, fmt::format("the zip has no function '{}'; it has {}", main, names),
               "name one of them as the action's main"};
}

}  // namespace

bool looks_like_wasm(ByteView bytes) {
  return as_text(bytes).starts_with(std::string_view("\0asm", 4));
}

Result<Upload> read_code(std::string_view text, const std::string& main) {
  auto bytes = from_base64(text);
  if (!bytes.ok() && looks_like_wasm(as_bytes(text))) {
    return Error{Code::kInvalid, "the wasm was sent raw, and JSON has damaged it", kHowTo};
  }
  if (!bytes.ok()) {
    return Error{Code::kInvalid, "the code is not base64", kHowTo};
  }
  const ByteView view = as_bytes(*bytes);
  if (package::looks_like_zip(view)) {
    FERRY_TRY(auto entries, package::read_zip(view, {}));
    return select(std::move(entries), main);
  }
  Upload code;
  code.kind = looks_like_wasm(view) ? Upload::Kind::kWasm : Upload::Kind::kBundle;
  code.bytes.assign(view.begin(), view.end());
  return code;
}

}  // namespace ferry::platforms::openwhisk
