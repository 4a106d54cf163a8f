#include "engine/lower.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

namespace ferry::engine {
namespace {

namespace fs = std::filesystem;

// Only what the module uses is enabled: with bulk memory enabled, wasm-opt writes a section that
// counts the data segments, and readers without bulk memory refuse that.
struct Feature {
  std::string_view name;
  std::vector<std::string_view> enable;
  std::string_view pass = {};  // rewrites it in older instructions
};
std::vector<Feature> features() {
  return {
      {"bulk-memory",
       {"--enable-bulk-memory", "--enable-bulk-memory-opt"},
       "--llvm-memory-copy-fill-lowering"},
      {"sign-ext", {"--enable-sign-ext"}, "--signext-lowering"},
      {"nontrapping-fptoint",
       {"--enable-nontrapping-float-to-int"},
       "--llvm-nontrapping-fptoint-lowering"},
      {"multivalue", {"--enable-multivalue"}},
      {"reference-types", {"--enable-reference-types"}},
      {"simd", {"--enable-simd"}},
      {"tail-call", {"--enable-tail-call"}},
  };
}

bool has(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A folder of ours that goes when this does.
class Folder {
 public:
  static Result<Folder> make() {
    std::string path = (fs::temp_directory_path() / "ferry-lower-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) return errno_error("make a folder in /tmp", errno);
    return Folder(std::move(path));
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

// Runs it to its end; its words go to `errors`. The CPU limit ends it if it hangs.
Result<int> run(std::vector<std::string>& words, const std::string& errors,
                const LowerLimits& limits) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return errno_error("start " + words[0], failed);
  const auto seconds = static_cast<rlim_t>(limits.cpu_time.count());
  const rlimit cpu{seconds, seconds + 1};
  const rlimit size{limits.result, limits.result};
  prlimit(pid, RLIMIT_CPU, &cpu, nullptr);
  prlimit(pid, RLIMIT_FSIZE, &size, nullptr);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return errno_error("wait for wasm-opt", errno);
  }
  return status;
}

}  // namespace

function::Lowering lowering_for(const function::CodeFacts& facts, const Capabilities& engine) {
  function::Features offered;
  offered.bulk_memory = engine.bulk_memory;
  offered.sign_extension = engine.sign_extension;
  offered.saturating_float_to_int = engine.saturating_float_to_int;
  offered.multi_value = engine.multi_value;
  offered.reference_types = engine.reference_types;
  offered.simd = engine.simd;
  return function::lowering_for(facts, offered);
}

Result<std::string> find_wasm_opt() {
  std::vector<std::string> places;
  if (const char* named = std::getenv("FERRY_WASM_OPT"); named != nullptr && *named != '\0') {
    if (access(named, X_OK) == 0) return std::string(named);
    return errno_error(std::string("FERRY_WASM_OPT=") + named, errno);
  }
  std::string_view path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    if (folder.starts_with('/')) places.push_back(std::string(folder) + "/wasm-opt");
    path.remove_prefix(std::min(path.size(), folder.size() + 1));
  }
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string npm = "/ferry-build/npm/node_modules/.bin/wasm-opt";
  if (cache != nullptr && cache[0] == '/') {
    places.push_back(cache + npm);
  } else if (home != nullptr && home[0] == '/') {
    places.push_back(std::string(home) + "/.cache" + npm);
  }
  for (const std::string& place : places) {
    if (access(place.c_str(), X_OK) == 0) return place;
  }
  return Error{
      Code::kNotFound, "wasm-opt of binaryen is needed to rewrite this function for the engine",
      "`npm install -g binaryen@132.0.0` or, in ferry's source, `tools/setup.sh binaryen`; "
      "or name it in FERRY_WASM_OPT"};
}

Result<Bytes> run_wasm_opt(ByteView wasm, const std::vector<std::string>& flags,
                           std::string_view purpose, const LowerLimits& limits) {
  FERRY_TRY(const std::string tool, find_wasm_opt());
  FERRY_TRY(const Folder folder, Folder::make());
  const std::string in = folder.file("in.wasm");
  const std::string out = folder.file("out.wasm");
  FERRY_CHECK_OK(write_file_atomically(in, wasm, 0600));
  std::vector<std::string> words = {tool, in, "-o", out, "-g", "--enable-mutable-globals"};
  words.insert(words.end(), flags.begin(), flags.end());
  FERRY_TRY(const int status, run(words, folder.file("errors"), limits));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return read_file(out, limits.result);
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
    return Error{Code::kLimit,
                 "to " + std::string(purpose) + ", wasm-opt took more than " +
                     std::to_string(limits.cpu_time.count()) + " s of CPU time",
                 ""};
  }
  const Result<Bytes> said = read_file(folder.file("errors"), 64u << 10);
  return Error{Code::kInvalid,
               "wasm-opt could not " + std::string(purpose) + ": " +
                   (said.ok() ? std::string(as_text(*said).substr(0, 500)) : std::string()),
               ""};
}

Result<Bytes> lower(ByteView wasm, const function::Lowering& lowering, std::string_view engine,
                    const LowerLimits& limits) {
  if (!lowering.impossible.empty()) {
    return Error{Code::kUnsupported,
                 "the function uses " + joined(lowering.impossible) + ", which " +
                     std::string(engine) + " does not have and which has no older form",
                 "run it on another engine: `ferry engines` lists them"};
  }
  std::vector<std::string> flags;
  std::vector<std::string> passes;
  for (const Feature& feature : features()) {
    const bool rewritten = has(lowering.rewrite, feature.name);
    if (rewritten) passes.emplace_back(feature.pass);
    if (rewritten || has(lowering.keep, feature.name)) {
      flags.insert(flags.end(), feature.enable.begin(), feature.enable.end());
    }
  }
  flags.insert(flags.end(), passes.begin(), passes.end());
  return run_wasm_opt(
      wasm, flags,
      "rewrite the function (" + joined(lowering.rewrite) + ") for " + std::string(engine), limits);
}

Result<Ready> ready_for(ByteView wasm, const function::Binary& binary, const Info& engine) {
  function::PrepareOptions how;
  how.poll = !engine.capabilities.deadline;
  Ready ready;
  ready.binary = binary;
  FERRY_TRY(ready.prepared, function::prepare(wasm, binary, how));
  const function::Lowering lowering = lowering_for(ready.prepared.facts, engine.capabilities);
  if (!lowering.needed() && lowering.impossible.empty()) return ready;
  // Lowered first, so that what preparation adds stands in all of it.
  FERRY_TRY(const Bytes lowered, lower(wasm, lowering, engine.name, {}));
  FERRY_TRY(ready.binary, function::read_binary(lowered));
  FERRY_TRY(ready.prepared, function::prepare(lowered, ready.binary, how));
  return ready;
}

}  // namespace ferry::engine
