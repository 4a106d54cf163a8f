#include "commands/build_plan.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "commands/go_overlay.h"
#include "commands/verb.h"
#include "project/recipe.h"

namespace ferry::commands {
namespace {

namespace fs = std::filesystem;

// A Go command of a function that may connect gets the overlay by itself, unless it names one.
// Other commands ignore GOFLAGS.
void connect_go(const std::string& command, bool quiet) {
  const bool is_go = command.find("go build") != std::string::npos;
  if (!is_go || command.find("-overlay") != std::string::npos) {
    return;
  }
  auto overlay = make_go_overlay();
  if (!overlay.ok()) {
    complain({"built without connections: " + overlay.error().message, overlay.error().hint});
    return;
  }
  const char* before = std::getenv("GOFLAGS");  // NOLINT(concurrency-mt-unsafe): one thread
  const std::string flags = fmt::format("{}{}-overlay={}", before == nullptr ? "" : before,
                                        before == nullptr || *before == 0 ? "" : " ", *overlay);
  ::setenv("GOFLAGS", flags.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  if (!quiet) {
    fmt::print(stderr, "ferry: outbound connections for Go: -overlay={}\n", *overlay);
  }
}

}  // namespace

Result<BuildPlan> plan_build(const std::string& path, const CommonOptions& common) {
  BuildPlan plan;
  plan.function = path;
  if (!fs::is_directory(path)) {
    return plan;
  }
  FERRY_TRY(auto recipe, project::find_recipe(path));
  const std::string manifest_path =
      common.manifest.empty() ? (fs::path(path) / "ferry.toml").string() : common.manifest;
  bool connects = false;
  if (!recipe || !common.manifest.empty() || fs::exists(manifest_path)) {
    FERRY_TRY(const auto text, read_file(manifest_path, 1u << 20));
    FERRY_TRY(auto manifest,
              function::parse_manifest(as_text(text), manifest_path, common.sections));
    plan.command = std::move(manifest.build_command);
    plan.origin = fmt::format("[build] command of {}", manifest_path);
    connects = manifest.grants.network();
  } else {
    plan.command = recipe->command;
    plan.origin = fmt::format("what is run for a folder with {}", recipe->marker);
    plan.function = (fs::path(path) / recipe->wasm).string();
  }
  if (plan.command.empty()) {
    return plan;
  }
  if (recipe) {
    // A command of the user's own may do without some of what the recipe runs.
    std::erase_if(recipe->tools, [&](const project::Tool& tool) {
      return plan.command.find(tool.program) == std::string::npos;
    });
    FERRY_CHECK_OK(project::check_tools(*recipe, project::program_in_path));
  }
  if (connects) {
    connect_go(plan.command, common.quiet);
  }
  return plan;
}

}  // namespace ferry::commands
