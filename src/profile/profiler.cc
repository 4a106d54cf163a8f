#include "profile/profiler.h"

#include <charconv>
#include <sstream>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/demangle.h"
#include "bundle/store.h"
#include "engine/compiler.h"
#include "wasm/module_edit.h"
#include "wasm/names.h"

namespace ferry::profile {
namespace {

constexpr std::size_t kMostMaps = 64u << 20;
constexpr char kCall[] = "(in a call of ferry's: WASI, or growing memory)";

std::vector<std::string> names_of(ByteView prepared, const wasm::Binary& binary) {
  const auto named = wasm::read_function_names(prepared, binary);
  const std::size_t count = wasm::imported_functions(binary) + binary.functions.size();
  std::vector<std::string> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] =
        i < named.size() && !named[i].empty() ? demangle(named[i]) : fmt::format("function {}", i);
  }
  return out;
}

// A line of /proc/self/maps: "from-to perms offset major:minor inode path".
struct Mapping {
  std::uintptr_t from = 0;
  std::uintptr_t to = 0;
  std::string permissions;
  std::uint64_t offset = 0;
  std::string device;
  std::uint64_t inode = 0;
};

Mapping read_mapping(const std::string& line) {
  Mapping out;
  char dash = 0;
  std::istringstream in(line);
  in >> std::hex >> out.from >> dash >> out.to >> out.permissions >> out.offset >> out.device >>
      std::dec >> out.inode;
  return in ? out : Mapping{};
}

}  // namespace

Result<Profiler> Profiler::make(const function::Function& function, const engine::Info& engine,
                                engine::EngineOptions options) {
  options.symbols = true;
  Profiler out;
  const std::string name = engine.name + (engine.variant.empty() ? "" : ":" + engine.variant);
  bundle::Store store = bundle::Store::in_memory();
  const auto compile = [&](ByteView prepared) -> Result<Bytes> {
    FERRY_TRY(const wasm::Binary binary, wasm::read_binary(prepared));
    out.names_ = names_of(prepared, binary);
    FERRY_TRY(Bytes artifact, engine::compile_in_child(name, options, prepared, {}));
    FERRY_TRY(out.symbols_, Symbols::read(artifact));
    return artifact;
  };
  FERRY_TRY(out.bundle_, store.get(function, engine, compile, nullptr));
  // At once, so that all of it is mapped as one piece when it is loaded.
  FERRY_CHECK_OK(out.bundle_.artifact->proven());
  return out;
}

Result<CodeSpan> Profiler::find_code() const {
  FERRY_TRY(const int file, bundle_.artifact->proven());
  struct stat about {};
  if (fstat(file, &about) != 0) return errno_error("look at the compiled code", errno);
  const std::string device = fmt::format("{:02x}:{:02x}", major(about.st_dev), minor(about.st_dev));
  FERRY_TRY(const Bytes maps, read_file("/proc/self/maps", kMostMaps));
  std::istringstream lines{std::string(as_text(maps))};
  for (std::string line; std::getline(lines, line);) {
    const Mapping each = read_mapping(line);
    const std::uint64_t end = each.offset + (each.to - each.from);
    if (each.inode != about.st_ino || each.device != device ||
        each.permissions.find('x') == std::string::npos || each.offset > symbols_.begin() ||
        end < symbols_.end()) {
      continue;
    }
    const std::uintptr_t file_begin = each.from - each.offset;
    return CodeSpan{file_begin + symbols_.begin(), file_begin + symbols_.end()};
  }
  return Error{Code::kUnsupported, "this engine does not run its code where it was mapped",
               "profile with --engine wasmtime"};
}

void Profiler::add(Profile& profile, const Sampler& sampler, CodeSpan code) const {
  std::vector<std::string> names;
  sampler.for_each([&](std::span<const std::uintptr_t> stack) {
    names.clear();
    for (auto frame = stack.rbegin(); frame != stack.rend(); ++frame) {
      if (*frame == kCalledOut) {
        names.emplace_back(kCall);
        continue;
      }
      const auto function = symbols_.function_at(*frame - code.begin + symbols_.begin());
      if (function && *function < names_.size()) names.push_back(names_[*function]);
    }
    profile.graph.add(names);
  });
}

Result<Profile> Profiler::run(host::Host& host, host::Loaded& loaded, const event::Event& event,
                              const host::InvokeOptions& options) const {
  FERRY_TRY(const CodeSpan code, find_code());
  FERRY_TRY(const auto sampler, Sampler::make(code, kInterval));
  const function::Manifest& manifest = host::manifest_of(loaded);
  const bool again = manifest.grants.dirs.empty() && !manifest.grants.network();
  Profile profile;
  if (again) profile.first = host.invoke(loaded, event, options);  // brings the code in
  const Monotonic begun = system_clock().monotonic();
  FERRY_CHECK_OK(sampler->start());
  do {
    host::Outcome outcome = host.invoke(loaded, event, options);
    ++profile.events;
    if (!again) profile.first = std::move(outcome);
  } while (again && system_clock().monotonic() - begun < kLength);
  sampler->stop();
  profile.took = system_clock().monotonic() - begun;
  add(profile, *sampler, code);
  return profile;
}

}  // namespace ferry::profile
