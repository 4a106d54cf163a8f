// ferry.toml: what a user may say about a function. Everything has a default; a function without
// a manifest is one with Manifest{}. The format has a page: docs/formats/manifest.md.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "function/files.h"
#include "function/grants.h"
#include "function/http_settings.h"
#include "function/limits.h"
#include "function/redaction.h"
#include "function/section.h"

namespace ferry::function {

// A longer file is refused.
inline constexpr std::size_t kMaxManifestBytes = 1u << 20;

enum class InputForm : unsigned char { kData, kCloudEvent };
enum class ReplyForm : unsigned char { kData, kCloudEvent, kCgi };

struct Manifest {
  std::string name;  // default: the file's stem
  std::string wasm;  // relative to the manifest
  InputForm input = InputForm::kData;
  ReplyForm reply = ReplyForm::kData;
  // Headers of plain HTTP requests that the event carries, beside those it carries anyway; lower
  // case.
  std::vector<std::string> headers;
  // Files with an event's data each: a snapshot's first state is the one after these events.
  // Relative to the manifest; from load_function() on, as they are found from here.
  std::vector<std::string> warm;
  std::vector<std::string> args;  // behind args[0], which is the name
  // Read-only files that travel with the function. Relative to the manifest; from load_function()
  // on, as they are found from here.
  std::vector<FileGrant> files;
  // What `files` names, read by load_function(); null: nothing, or what the bundle has. Shared by
  // all copies of this, since it never changes.
  std::shared_ptr<const wasi::FileTree> file_tree;
  Limits limits;
  Grants grants;
  HttpSettings http;
  std::vector<Redaction> redact;  // what no capsule may hold
  // Of platforms, by the names of their tables. Shared: they never change, and manifests are
  // copied.
  std::map<std::string, std::shared_ptr<const SectionSettings>, std::less<>> sections;
  std::string build_command;
};

// `path` is for messages; `sections` are the tables of platforms. An unknown key is an error that
// names key, line and nearest known key.
Result<Manifest> parse_manifest(std::string_view toml, std::string_view path,
                                Sections sections = {});

// The same as TOML again, without what only concerns the build, warm included, and without files,
// which are in the bundle: name, input, reply, args, limits, grants, record, http, sections.
// Folders are written as they stand. The same manifest gives the same bytes.
std::string manifest_to_toml(const Manifest& manifest);

// "2s", "1500ms", "1m"; "64MiB", "6 MiB", "1048576", "1GB". Used by the command line too.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);  // "128 MiB", "1.5 KiB", "17 B"
// "HOST::GUEST[:ro]"
Result<DirGrant> parse_dir_grant(std::string_view text);

}  // namespace ferry::function
