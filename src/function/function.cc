#include "function/function.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <malloc.h>

#include "base/digest.h"
#include "base/file.h"
#include "component/lower.h"
#include "function/asks.h"
#include "function/explain.h"

namespace ferry::function {
namespace {

namespace fs = std::filesystem;

constexpr char kManifestName[] = "ferry.toml";
// A smaller component is lowered sooner than it is read from the cache.
constexpr std::size_t kLeastCached = 1u << 20;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code problem;
  return fs::equivalent(a, b, problem) && !problem;
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// `ca` is a file beside the manifest, or, in a package, the certificates themselves.
Result<std::string> read_certificates(const std::string& ca, const fs::path& folder) {
  constexpr std::size_t kMaxCa = 256u << 10;
  if (ca.starts_with("-----BEGIN")) {
    return certificates_in(ca, "[grant] ca");
  }
  const std::string path = (fs::path(ca).is_relative() ? folder / ca : fs::path(ca)).string();
  FERRY_TRY(const Bytes pem, read_file(path, kMaxCa));
  return certificates_in(as_text(pem), path);
}

struct Found {
  fs::path wasm;
  Manifest manifest;
  std::string manifest_path;  // empty: none
  std::string manifest_digest;
};

Status read_manifest(const fs::path& path, Sections sections, Found& found) {
  FERRY_TRY(Bytes bytes, read_file(path.string(), kMaxManifestBytes));
  FERRY_TRY(Manifest manifest, parse_manifest(as_text(bytes), path.string(), sections));
  // Folders in a manifest are meant from where it lies, not from where the user stands.
  for (DirGrant& grant : manifest.grants.dirs) {
    if (fs::path(grant.host).is_relative()) {
      grant.host = (folder_of(path) / grant.host).lexically_normal().string();
    }
  }
  for (std::string& file : manifest.warm) {
    if (fs::path(file).is_relative()) file = (folder_of(path) / file).lexically_normal().string();
  }
  for (FileGrant& grant : manifest.files) {
    if (fs::path(grant.host).is_relative()) {
      grant.host = (folder_of(path) / grant.host).lexically_normal().string();
    }
  }
  if (std::string& ca = manifest.grants.ca; !ca.empty()) {
    FERRY_TRY(ca, read_certificates(ca, folder_of(path)));
  }
  found.manifest = std::move(manifest);
  found.manifest_path = path.string();
  found.manifest_digest = digest_of(bytes);
  return Done{};
}

// The one .wasm file of a folder.
Result<fs::path> only_wasm_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->path().extension() == ".wasm" && is_file(at->path())) {
      found.push_back(at->path());
    }
  }
  if (problem) {
    return errno_error(fmt::format("list {}", folder.string()), problem.value());
  }
  if (found.empty()) {
    return Error{Code::kNotFound, fmt::format("no .wasm file in {}", folder.string()),
                 "build the function first, or name its .wasm file"};
  }
  if (found.size() > 1) {
    std::sort(found.begin(), found.end());
    return Error{
        Code::kUsage,
        fmt::format("{} .wasm files in {}, {} and {} among them", found.size(), folder.string(),
                    found[0].filename().string(), found[1].filename().string()),
        "name the one you mean, or say so in ferry.toml: [function] wasm = \"…\""};
  }
  return found.front();
}

Result<Found> from_manifest(const fs::path& path, Sections sections) {
  Found found;
  FERRY_CHECK_OK(read_manifest(path, sections, found));
  if (found.manifest.wasm.empty()) {
    FERRY_TRY(found.wasm, only_wasm_in(folder_of(path)));
  } else {
    found.wasm = folder_of(path) / found.manifest.wasm;
    if (!is_file(found.wasm)) {
      return Error{Code::kNotFound,
                   fmt::format("{}: there is no {}", path.string(), found.wasm.string()),
                   "build the function first, or correct wasm under [function]"};
    }
  }
  return found;
}

Result<Found> find_function(const std::string& path, const std::string& manifest_path,
                            Sections sections) {
  if (is_folder(path)) {
    fs::path manifest = fs::path(path) / kManifestName;
    if (manifest_path.empty() && is_file(manifest)) {
      return from_manifest(manifest, sections);
    }
    Found found;
    if (!manifest_path.empty()) {
      FERRY_CHECK_OK(read_manifest(manifest_path, sections, found));
    }
    FERRY_TRY(found.wasm, only_wasm_in(path));
    return found;
  }
  if (fs::path(path).extension() == ".toml") {
    if (!manifest_path.empty() && !same_file(path, manifest_path)) {
      return Error{Code::kUsage, fmt::format("two manifests: {} and {}", path, manifest_path),
                   "name the .wasm file beside --manifest"};
    }
    return from_manifest(path, sections);
  }
  Found found;
  found.wasm = path;
  if (!manifest_path.empty()) {
    FERRY_CHECK_OK(read_manifest(manifest_path, sections, found));
    return found;
  }
  fs::path beside = folder_of(path) / kManifestName;
  if (is_file(path) && is_file(beside)) {
    Found other;
    FERRY_CHECK_OK(read_manifest(beside, sections, other));
    if (other.manifest.wasm.empty() || same_file(folder_of(beside) / other.manifest.wasm, path)) {
      other.wasm = std::move(found.wasm);
      return other;
    }
  }
  return found;
}

// A name as it may appear in a URL and a log line.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 63)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || (!out.empty() && (c == '-' || c == '.'));
    out.push_back(good ? c : '_');
  }
  return out.empty() ? "function" : out;
}

}  // namespace

Result<Asks> find_asks(const std::string& path, const std::string& manifest_path,
                       Sections sections) {
  FERRY_TRY(const Found found, find_function(path, manifest_path, sections));
  Asks asks{found.manifest_path, found.manifest_digest, {}};
  if (!asks.manifest.empty()) asks.lines = asks_of(found.manifest, asks.manifest);
  return asks;
}

Result<Function> load_function(const std::string& path, const std::string& manifest_path,
                               Sections sections, const LoweredCache* cache) {
  FERRY_TRY(Found found, find_function(path, manifest_path, sections));
  const std::string file = found.wasm.string();
  FERRY_TRY(Bytes wasm, read_file(file, wasm::kMaxWasmBytes));
  FERRY_TRY(found.manifest.file_tree, read_files(found.manifest.files));
  const std::string name =
      found.manifest.name.empty() ? plain(found.wasm.stem().string()) : found.manifest.name;
  auto function = make_function(name, std::move(wasm), std::move(found.manifest), cache);
  if (!function.ok()) {
    return with_context(std::move(function).error(), file);
  }
  function->path = file;
  return function;
}

namespace {

// From now on the function's code is this.
Status take_lowered(Bytes lowered, Function& function) {
  FERRY_TRY(function.binary, wasm::read_binary(lowered));
  function.wasm = std::move(lowered);
  malloc_trim(0);  // what lowering took beside, which is as much again: servers live long
  return Done{};
}

// One that cannot be lowered stays as it is: explain() says why.
Status lower(Function& function, const LoweredCache* cache) {
  if (function.wasm.size() < kLeastCached) cache = nullptr;
  if (cache != nullptr) {
    if (auto kept = cache->find(function.digest)) return take_lowered(*std::move(kept), function);
  }
  auto lowered = component::lower(function.wasm, function.binary, function.digest);
  if (!lowered.ok()) return Done{};
  if (cache != nullptr) cache->keep(function.name, function.digest, lowered->wasm);
  return take_lowered(std::move(lowered->wasm), function);
}

}  // namespace

Result<Function> make_function(const std::string& name, Bytes wasm, Manifest manifest,
                               const LoweredCache* cache) {
  Function function;
  FERRY_TRY(function.binary, wasm::read_binary(wasm));
  function.name = manifest.name.empty() ? plain(name) : manifest.name;
  function.digest = digest_of(wasm);
  function.wasm = std::move(wasm);
  function.manifest = std::move(manifest);
  if (function.binary.component) FERRY_CHECK_OK(lower(function, cache));
  return function;
}

Status check_runnable(const Function& function) {
  std::vector<Finding> findings = explain(function);
  const auto stops = std::count_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.kind == Finding::Kind::kStops;
  });
  if (stops == 0) {
    return Done{};
  }
  std::string message = fmt::format("{} cannot run: {}", function.name, findings.front().message);
  if (stops > 1) {
    message += fmt::format("; {} more {}: ferry check lists all", stops - 1,
                           stops == 2 ? "reason" : "reasons");
  }
  return Error{Code::kUnsupported, std::move(message), std::move(findings.front().hint)};
}

}  // namespace ferry::function
