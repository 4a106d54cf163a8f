#include "engine/loader.h"

#include <algorithm>
#include <cstdlib>

#include <dirent.h>
#include <dlfcn.h>

#include "base/this_program.h"

// Where a program links its engine (ferry-host), this is that engine's; else it is null.
extern "C" __attribute__((weak)) ferry::engine::Engine* ferry_engine_v1(
    const ferry::engine::EngineOptions& options, ferry::Error& error);

namespace ferry::engine {
namespace {

constexpr std::string_view kPrefix = "ferry-engine-";
constexpr std::string_view kSuffix = ".so";
constexpr std::string_view kDefault = "wasmtime";

void list_folder(const std::string& folder, std::vector<Plugin>& out) {
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = readdir(dir)) {
    const std::string_view file(entry->d_name);
    if (!file.starts_with(kPrefix) || !file.ends_with(kSuffix)) continue;
    if (file.size() <= kPrefix.size() + kSuffix.size()) continue;
    const std::string name(
        file.substr(kPrefix.size(), file.size() - kPrefix.size() - kSuffix.size()));
    const auto same = [&](const Plugin& plugin) { return plugin.name == name; };
    if (std::none_of(out.begin(), out.end(), same)) {  // an earlier folder wins
      out.push_back({name, folder + "/" + std::string(file)});
    }
  }
  closedir(dir);
}

// `variant`: one of its variants was asked for, and no other engine will do.
Error not_found(const std::string& name, bool variant) {
  const std::vector<Plugin> plugins = list_plugins();
  std::string have;
  for (const Plugin& plugin : plugins) have += (have.empty() ? "" : ", ") + plugin.name;
  std::string folders;
  for (const std::string& folder : plugin_folders()) {
    folders += (folders.empty() ? "" : ", ") + folder;
  }
  std::string hint = "`make build ENGINES=all` builds every engine";
  if (name == kDefault) {  // `make run` may have built another one alone
    hint = "`make build` builds it";
    if (!plugins.empty() && !variant)
      hint += ", and `--engine " + plugins[0].name + "` does without it";
  }
  return Error{
      Code::kNotFound,
      "no engine '" + name + "'; there is " + (have.empty() ? "none" : have) + " in " + folders,
      hint};
}

// Its CreateFn.
Result<void*> open_plugin(const Plugin& plugin) {
  // RTLD_LOCAL and RTLD_DEEPBIND's absence: a plug-in exports one symbol and binds its own
  // (-Bsymbolic), so that two engines in one process never meet.
  void* library = dlopen(plugin.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return Error{Code::kNotFound,
                 "engine " + plugin.path + ": " + (why == nullptr ? "cannot be loaded" : why),
                 "rebuild it: it must come from the same build as this program"};
  }
  void* make = dlsym(library, kCreateSymbol);
  if (make == nullptr) {
    dlclose(library);
    return Error{Code::kInvalid, "engine " + plugin.path + ": no symbol " + kCreateSymbol,
                 "rebuild it: it must come from the same build as this program"};
  }
  return make;
}

Result<LoadedEngine> create(CreateFn make, const EngineOptions& options) {
  Error error;
  LoadedEngine engine(make(options, error));
  if (engine == nullptr) {
    return error;  // the library stays open, for the reason that LoadedEngine has
  }
  return engine;
}

}  // namespace

std::vector<std::string> plugin_folders() {
  std::vector<std::string> out;
  const char* own = std::getenv("FERRY_ENGINES");
  if (own != nullptr && *own != '\0') out.emplace_back(own);
  const std::string program = program_folder();
  out.push_back(program + "/../lib/ferry/engines");
  out.push_back(program + "/engines");
  return out;
}

std::vector<Plugin> list_plugins() {
  std::vector<Plugin> out;
  for (const std::string& folder : plugin_folders()) list_folder(folder, out);
  std::sort(out.begin(), out.end(), [](const Plugin& a, const Plugin& b) {
    const bool a_first = a.name == kDefault;
    const bool b_first = b.name == kDefault;
    return a_first != b_first ? a_first : a.name < b.name;
  });
  return out;
}

Result<LoadedEngine> load_engine(const std::string& name, EngineOptions options) {
  const std::size_t colon = name.find(':');
  std::string base = name.substr(0, colon);
  if (colon != std::string::npos) options.variant = name.substr(colon + 1);
  if (colon != std::string::npos && options.variant == kLazyVariant) {
    return Error{Code::kUnsupported, base + " has no variant '" + options.variant + "'", ""};
  }
  if (&ferry_engine_v1 != nullptr) {
    FERRY_TRY(LoadedEngine linked, create(&ferry_engine_v1, options));
    if (base.empty() || base == linked->info().name) return linked;
    return Error{Code::kNotFound,
                 "no engine '" + base + "': this program has " + linked->info().name + " built in",
                 ""};
  }
  if (base.empty()) base = kDefault;
  for (const Plugin& plugin : list_plugins()) {
    if (plugin.name != base) continue;
    FERRY_TRY(void* const make, open_plugin(plugin));
    return create(reinterpret_cast<CreateFn>(make), options);
  }
  return not_found(base, colon != std::string::npos);
}

void open_ahead(std::string_view name) {
  if (&ferry_engine_v1 != nullptr) return;
  name = name.substr(0, name.find(':'));
  if (name.empty()) name = kDefault;
  for (const Plugin& plugin : list_plugins()) {
    if (plugin.name == name) static_cast<void>(open_plugin(plugin).ok());
  }
}

}  // namespace ferry::engine
