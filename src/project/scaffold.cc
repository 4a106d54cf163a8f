#include "project/scaffold.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "function/suggest.h"
#include "project/kind.h"
#include "project/template_files.h"

namespace ferry::project {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGoSetup =
    "      - uses: actions/setup-go@v5\n        with: { go-version: '1.24' }\n";
constexpr std::string_view kGoComponentSetup =
    "      - uses: actions/setup-go@v5\n        with: { go-version: '1.24' }\n"
    "      - uses: actions/setup-node@v4\n        with: { node-version: '22' }\n";
constexpr std::string_view kNodeSetup =
    "      - uses: actions/setup-node@v4\n        with: { node-version: '22' }\n";
constexpr std::string_view kPythonSetup =
    "      - uses: actions/setup-python@v5\n        with: { python-version: '3.13' }\n";
constexpr std::string_view kRustComponentSetup = "      - run: rustup target add wasm32-wasip2\n";
constexpr std::string_view kRustSetup = "      - run: rustup target add wasm32-wasip1\n";
constexpr std::string_view kCSetup =
    "      - run: sudo apt-get install --yes clang-16 lld-16 wasi-libc libclang-rt-16-dev-wasm32\n";
constexpr std::string_view kCppSetup =
    "      - run: sudo apt-get install --yes clang-16 lld-16 wasi-libc libclang-rt-16-dev-wasm32\n"
    "          libc++-16-dev-wasm32 libc++abi-16-dev-wasm32\n";

constexpr std::string_view kZigSetup =
    "      - uses: mlugg/setup-zig@v2\n        with: { version: '0.17.1' }\n";

// A new language is one folder under templates/ and one line here.
constexpr std::array kLanguages{
    Language{"go", "Go", "go test .", kGoSetup, "@NAME@.wasm", false, "go-common", "go-event"},
    Language{"go-reactor", "Go, started once", "go test .", kGoSetup, "@NAME@.wasm", false,
             "go-common", "go-event"},
    Language{"c", "C", "make test", kCSetup},
    Language{"cpp", "C++", "make test", kCppSetup},
    Language{"rust", "Rust", "cargo test", kRustSetup, "target/wasm32-wasip1/release/@NAME@.wasm",
             false, "", "rust-event"},
    Language{"zig", "Zig", "zig build test", kZigSetup, "zig-out/bin/@NAME@.wasm"},
    Language{"assemblyscript", "AssemblyScript", "npm test", kNodeSetup},
    Language{"javascript", "JavaScript", "npm test", kNodeSetup, "@NAME@.wasm", true, "node",
             "javascript-event"},
    Language{"typescript", "TypeScript", "npm test", kNodeSetup, "@NAME@.wasm", true, "node",
             "typescript-event"},
    Language{"python", "Python", "python3 -m unittest", kPythonSetup, "@NAME@.wasm", true, "",
             "python-event"},
    Language{"go-component", "Go, for wasi:http", "go test .", kGoComponentSetup, "@NAME@.wasm",
             true},
    Language{"rust-component", "Rust, for wasi:http", "cargo test", kRustComponentSetup,
             "target/wasm32-wasip2/release/@NAME_@.wasm", true},
};

// What README.md says of how an event comes and where the reply goes.
constexpr std::string_view kStdioContract =
    "The event's data comes on standard input and its attributes in variables named `CE_TYPE`,\n"
    "`CE_SUBJECT` and so on. What is written to standard output is the reply, what is written to\n"
    "standard error is the log, and an exit status other than 0 is a failed event.";
constexpr std::string_view kHttpContract =
    "The function is a component that answers HTTP requests (`wasi:http`). A request comes as it "
    "is;\n"
    "any other event comes as `POST /` with its data as the body and its attributes in fields "
    "named\n"
    "`ce-type`, `ce-subject` and so on. What is written to standard error is the log.";

constexpr std::size_t kLongestName = 63;

// The nearest valid name: what is not allowed becomes '-'.
std::string valid_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && !out.empty())) {
      out.push_back(c);
    } else if (c >= 'A' && c <= 'Z') {
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else if (!out.empty() && out.back() != '-') {
      out.push_back('-');
    }
  }
  out.resize(std::min(out.size(), kLongestName));
  while (out.ends_with('-')) {
    out.pop_back();
  }
  return out.empty() ? "hello" : out;
}

std::string fill(std::string_view text,
                 const std::map<std::string, std::string, std::less<>>& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = text.find('@');
    out += text.substr(0, at);
    if (at == std::string_view::npos) {
      break;
    }
    text.remove_prefix(at + 1);
    const std::size_t end = text.find('@');
    const auto value =
        end == std::string_view::npos ? values.end() : values.find(text.substr(0, end));
    if (value == values.end()) {
      out += '@';
      continue;
    }
    out += value->second;
    text.remove_prefix(end + 1);
  }
  return out;
}

// Path → text. A language's own file takes the place of a common one.
std::map<std::string, std::string> files_of(const NewProject& project) {
  const Language& language = *project.language;
  std::string underscored = project.name;
  std::ranges::replace(underscored, '-', '_');
  const Kind* const kind =
      project.event == nullptr || language.kinds.empty() ? nullptr : find_kind(project.event->name);
  std::map<std::string, std::string, std::less<>> values{
      {"NAME", project.name},
      {"WASM", fill(language.wasm, {{"NAME", project.name}, {"NAME_", underscored}})},
      {"CONTRACT", std::string(language.answers_http ? kHttpContract : kStdioContract)},
      {"TITLE", std::string(language.title)},
      {"TEST", std::string(language.test)},
      {"CI_SETUP", std::string(language.ci_setup)},
      {"EVENT", std::string(project.event == nullptr ? "" : project.event->name)},
      {"EVENT_FILE", std::string(project.event == nullptr ? "" : project.event->file)},
      {"PLATFORM", std::string(project.event == nullptr ? "" : project.event->platform)},
      {"RUN", kind == nullptr ? "'{\"name\":\"Ada\"}'" : fmt::format("--sample {}", kind->sample)},
      {"REFUSED", language.answers_http ? "status = \"ok\"\nhttp = 400" : "status = \"failed\""}};
  if (kind != nullptr) values.merge(kind_values(*kind));
  std::map<std::string, std::string> out;
  const auto add = [&](std::string_view folder) {
    for (const TemplateFile& file : template_files()) {
      if (!file.path.starts_with(folder)) {
        continue;
      }
      std::string_view path = file.path.substr(folder.size());
      if (path.ends_with(".in")) {
        path.remove_suffix(3);
      }
      out[std::string(path)] = fill(file.text, values);
    }
  };
  add("common/");
  if (language.answers_http) {
    add("http/");
  }
  if (!language.shared.empty()) {
    add(fmt::format("{}/", language.shared));
  }
  add(fmt::format("{}/", language.name));
  if (kind != nullptr) {
    out.erase("cases/events/request.txt");
    add("event/");
    add(fmt::format("{}/", language.kinds));
  }
  if (project.event != nullptr) {
    const Sample& event = *project.event;
    out[fmt::format("cases/events/{}", event.file)] = std::string(event.text);
    for (const TemplateFile& file : template_files()) {
      if (file.path == "events/case.toml") {
        out[fmt::format("cases/{}.toml", event.name)] = fill(file.text, values);
      }
    }
  }
  return out;
}

// Removes what was written when the work ends early.
class Unfinished {
 public:
  explicit Unfinished(fs::path path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

std::span<const Language> languages() { return kLanguages; }

Result<const Language*> find_language(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Language& language : kLanguages) {
    if (language.name == name) {
      return &language;
    }
    known.push_back(language.name);
  }
  return Error{Code::kUsage, fmt::format("there is no template for '{}'", name),
               fmt::format("did you mean '{}'? There are: {}", function::nearest(name, known),
                           fmt::join(known, ", "))};
}

Status check_project_name(std::string_view name) {
  if (!name.empty() && valid_name(name) == name) {
    return Done{};
  }
  return Error{Code::kUsage,
               fmt::format("'{}' cannot be the name of a project: a name has lower-case letters, "
                           "digits and '-', begins with a letter and has at most {} characters",
                           name, kLongestName),
               fmt::format("try '{}'", valid_name(name))};
}

Result<std::vector<std::string>> write_project(const NewProject& project) {
  FERRY_CHECK_OK(check_project_name(project.name));
  std::error_code failed;
  if (fs::exists(fs::symlink_status(project.folder, failed)) &&
      !(fs::is_directory(project.folder, failed) && fs::is_empty(project.folder, failed))) {
    return Error{Code::kUsage,
                 fmt::format("{} is there already and is not an empty folder", project.folder),
                 "choose another name, or another place with -o"};
  }
  fs::path target = fs::path(project.folder).lexically_normal();
  if (!target.has_filename()) {
    target = target.parent_path();  // "x/" names the folder x
  }
  const Unfinished unfinished(target.parent_path() /
                              fmt::format(".{}.new-{}", target.filename().string(), getpid()));
  std::vector<std::string> written;
  for (const auto& [path, text] : files_of(project)) {
    const fs::path file = unfinished.path() / path;
    FERRY_CHECK_OK(make_directories(file.parent_path().string()));
    FERRY_CHECK_OK(write_file_atomically(file.string(), as_bytes(text)));
    written.push_back(path);
  }
  if (std::rename(unfinished.path().c_str(), target.c_str()) != 0) {
    return errno_error(target.string(), errno);
  }
  return written;
}

}  // namespace ferry::project
