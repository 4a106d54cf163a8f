#include "builder/snapshot_builder.h"

#include <algorithm>
#include <optional>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/digest.h"
#include "builder/behaviour_diff.h"
#include "builder/probe.h"
#include "builder/warm_up.h"
#include "engine/compiler.h"
#include "snapshot/go_program.h"
#include "snapshot/image.h"
#include "wasm/reader.h"

namespace ferry::builder {
namespace {

Error frozen(std::string what, std::string hint) {
  return {Code::kUnsupported, "no snapshot: " + std::move(what), std::move(hint)};
}

Error names_stripped() {
  return frozen(
      "the names of its functions were stripped, and with them goes whether its packages draw "
      "random numbers while they start",
      "build without -ldflags=-s (-w alone keeps the names); or make the snapshot yourself: ferry "
      "build --snapshot");
}

// A C, C++ or Rust program writes to a few pages while it starts, a Go program to many more. A new
// instance of a snapshot costs more than one of the original, since it has more data; what the
// start-up does must be worth that.
constexpr std::size_t kWorthPages = 16;

constexpr char kAcceptRandom[] =
    "draw it when the event is there, after the first read; or, where nothing secret and nothing "
    "unique depends on it, --accept-frozen random";

Status judge_random(const snapshot::Frozen& found, const SnapshotRequest& how,
                    std::vector<std::string>& notes) {
  if (!found.drawn.random) {
    return Done{};
  }
  if (how.accepted == "random") {
    notes.emplace_back(fmt::format(
        "frozen: randomness drawn while starting (accepted){}",
        found.generators != 0 ? "; Go's generators are seeded anew at each event" : ""));
    return Done{};
  }
  if (!found.random_traced) {
    return frozen(
        "randomness was drawn before the first read; what was made of it (hash seeds, ids) would "
        "be the same at every event, and so be known to an attacker",
        kAcceptRandom);
  }
  if (!found.drew.empty()) {
    return frozen(fmt::format("it draws from Go's generator while it starts ({}), and what it drew "
                              "would be the same at every event",
                              found.drew),
                  kAcceptRandom);
  }
  if (!found.named) {
    if (how.unasked) {
      return names_stripped();
    }
    notes.emplace_back(
        "the names of its functions were stripped: a random number that a package drew while "
        "starting would be frozen, and only the comparison could show it");
  }
  if (how.unasked) {
    notes.emplace_back(
        "math/rand and the seeds of maps are drawn anew at each event; the key of its hash tables "
        "is " +
        how.key_of);
    return Done{};
  }
  if (how.accepted != "hash-key") {
    return frozen(
        "the key of Go's hash tables would be in the file, the same at every event: anyone who has "
        "the "
        "file can make keys that all fall into one bucket, and so slow down a function that puts "
        "a stranger's keys into a map",
        "where only you have the file, or no stranger chooses keys: --accept-frozen hash-key "
        "(math/rand, math/rand/v2 and the seeds of maps are drawn anew at each event in any case)");
  }
  notes.emplace_back(
      "frozen: the key of Go's hash tables (accepted); math/rand, math/rand/v2 and the seeds of "
      "maps are drawn anew at each event");
  return Done{};
}

Status judge_environment(const snapshot::Frozen& found, const function::Function& function,
                         const SnapshotRequest& how, std::vector<std::string>& notes) {
  if (!found.drawn.environ || !found.environ_matters) {
    return Done{};
  }
  if (!function.manifest.grants.env_from.empty()) {
    return frozen(
        "it reads its environment while it starts, and [grant] env_from is known only "
        "where it runs",
        "");
  }
  const bool attributes = function.manifest.input == function::InputForm::kData;
  const std::string who =
      found.environ_reader.empty() ? "" : fmt::format(" ({} looks at it)", found.environ_reader);
  if (how.unasked && (attributes || how.environment_varies)) {
    return frozen(fmt::format("it reads its environment while it starts{}, and {}", who,
                              attributes ? "each event's CE_* attributes are there"
                                         : "each invocation's id is there"),
                  attributes
                      ? "take the whole event in place of them: [function] input = \"cloudevent\""
                      : "");
  }
  notes.emplace_back(fmt::format(
      "frozen: the environment{} ([grant] env as it is now; {})", who,
      attributes ? "no CE_* attribute of an event is seen: use input = \"cloudevent\" for those"
                 : "what a platform adds to it is not seen"));
  return Done{};
}

// What make_snapshot() noted in the module; an empty object where that cannot be read.
std::optional<boost::json::object> note_of(const function::Function& function) {
  for (const wasm::Section& section : function.binary.sections) {
    if (section.id != 0 || section.name != snapshot::kSnapshotSection) {
      continue;
    }
    wasm::Reader reader(ByteView(function.wasm).subspan(section.offset, section.size));
    reader.name();
    const ByteView text = reader.bytes(reader.left());
    std::error_code failed;
    const auto note = boost::json::parse(as_text(text), failed);
    return failed || !note.is_object() ? boost::json::object{} : note.get_object();
  }
  return std::nullopt;
}

}  // namespace

std::string snapshot_of(const function::Function& function) {
  const auto note = note_of(function);
  if (!note) {
    return "";
  }
  const auto* of = note->if_contains("of");
  return of != nullptr && of->is_string() ? std::string(of->get_string()) : "an unknown function";
}

Status check_frozen_folders(const function::Function& function) {
  const auto note = note_of(function);
  const auto* folders = note ? note->if_contains("folders") : nullptr;
  if (folders == nullptr || !folders->is_bool() || !folders->get_bool()) {
    return Done{};
  }
  const auto& tree = function.manifest.file_tree;
  const auto* files = note->if_contains("files");
  if ((files != nullptr && files->is_string() ? std::string_view(files->get_string()) : "") !=
      (tree == nullptr ? "" : std::string_view(tree->digest()))) {
    return Error{Code::kUnsupported,
                 "this snapshot was made with other files than those that [function] files names "
                 "now",
                 "make it again, or use the function that it was made of"};
  }
  if (function.manifest.grants.dirs.empty()) {
    return Done{};
  }
  return Error{Code::kUnsupported,
               "this snapshot looked for its folders while it started, when there were none, and "
               "would not find those that are granted now",
               "grant no folder, or use the function that the snapshot was made of"};
}

KeyedRandom::KeyedRandom(ByteView secret, const std::string& digest)
    : message_(fmt::format("ferry snapshot start-up 1 {} {}", to_hex(secret), digest)) {}

void KeyedRandom::fill(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const Sha256 block = sha256(as_bytes(fmt::format("{} {}", message_, counter_++)));
    const std::size_t size = std::min(bytes.size(), block.size());
    std::copy_n(block.begin(), size, bytes.begin());
    bytes = bytes.subspan(size);
  }
}

Result<BuiltSnapshot> build_snapshot(engine::Engine& engine, const engine::EngineOptions& options,
                                     const function::Function& function,
                                     const SnapshotRequest& how) {
  if (how.unasked) {
    // The name section alone says so; finding it out by starting the program would take seconds.
    FERRY_TRY(const auto go, snapshot::read_go_program(function.wasm, function.binary));
    if (go && !go->named) {
      return names_stripped();
    }
  }
  const engine::Info& info = engine.info();
  const std::string name = info.name + (info.variant.empty() ? "" : ":" + info.variant);
  snapshot::SnapshotOptions start;
  start.name = function.name;
  start.args = function.manifest.args;
  start.files = function.manifest.file_tree.get();
  start.timeout = function.manifest.limits.timeout;
  start.memory = function.manifest.limits.memory;
  start.random = how.random;
  start.least_pages = how.unasked ? kWorthPages : 0;
  for (const auto& [key, value] : function.manifest.grants.env) {
    start.environ.push_back(fmt::format("{}={}", key, value));
  }
  start.network = function.manifest.grants.network();
  if (start.network) {
    start.environ.push_back(
        fmt::format("{}={}/{}", wasi::kCaVariable, wasi::kCaFolderPath, wasi::kCaName));
  }
  start.unwindable = how.unwindable;
  FERRY_TRY(start.warm, warm_events(function));
  if (!start.warm.empty()) start.least_pages = 0;  // it was asked for
  std::vector<std::string> files = how.cases;
  files.insert(files.end(), function.manifest.warm.begin(), function.manifest.warm.end());
  FERRY_TRY(const std::vector<Case> cases, make_cases(files));
  snapshot::CompilePrepared compile = how.compile;
  if (!compile) {
    compile = [&](ByteView prepared) {
      return engine::compile_in_child(name, options, prepared, {});
    };
  }
  if (how.before_it_runs) FERRY_CHECK_OK(how.before_it_runs());
  BuiltSnapshot out;
  FERRY_TRY(out.made,
            snapshot::make_snapshot(engine, compile, function.wasm, function.binary, start));
  const snapshot::Frozen& found = out.made.frozen;
  if (how.recorded && (found.drawn.random || found.drawn.clock)) {
    return frozen(
        "events are recorded, and its start-up draws randomness or the time: a replay, which "
        "begins "
        "with the start-up, would draw something else",
        "");
  }
  FERRY_CHECK_OK(judge_random(found, how, out.notes));
  FERRY_CHECK_OK(judge_environment(found, function, how, out.notes));
  if (found.drawn.folders && !function.manifest.grants.dirs.empty()) {
    return frozen(
        "it looks for its folders while it starts, and there are none yet: the snapshot "
        "would not find those that [grant] dirs gives it",
        "");
  }
  if (found.drawn.folders && !how.unasked) {
    out.notes.emplace_back(start.files == nullptr
                               ? "frozen: that it has no folders (with --dir it will not run)"
                               : "frozen: its files, and that it has no other folders (with --dir "
                                 "it will not run)");
  }
  if (!start.warm.empty()) {
    out.notes.emplace_back(
        fmt::format("warmed by {} event{}: each event starts from the state "
                    "after {}",
                    start.warm.size(), start.warm.size() == 1 ? "" : "s",
                    start.warm.size() == 1 ? "it" : "them"));
  }
  if (found.drawn.clock) {
    out.notes.emplace_back("frozen: the time at which it believes to have started");
  }
  FERRY_TRY(out.function,
            function::make_function(function.name, std::move(out.made.wasm), function.manifest));
  const Bundles bundles = how.bundles ? how.bundles : stored_bundles(info, options);
  FERRY_TRY(out.compared_on, compare_functions(engine, bundles, function, out.function, cases));
  if (!out.made.second_start.memory.empty() && how.accepted != "random") {
    FERRY_CHECK_OK(
        compare_with_second_start(engine, bundles, out.function, out.made.second_start, cases));
  }
  return out;
}

}  // namespace ferry::builder
