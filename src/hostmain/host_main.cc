// ferry-host: what is shipped to platforms. Runs signed bundles; with the compiler linked in
// (ferry-host-full), also what users hand in as wasm where a platform works that way.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "base/say.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "generated/version.h"
#include "hostmain/bundle_provider.h"
#include "hostmain/decide.h"
#include "hostmain/options.h"
#include "hostmain/packed.h"

namespace ferry::hostmain {
namespace {

Status serve(const Options& options, bool& was_cut) {
  const platforms::Lookup env = [](const char* name) -> const char* { return std::getenv(name); };
  const Decision decision = decide_platform(options.platform, env);
  const platforms::Platform* platform = platforms::find_platform(decision.platform);
  if (platform == nullptr) {
    return Error{
        Code::kUsage,
        fmt::format("this ferry-host has no platform '{}' ({}); it has {}", decision.platform,
                    decision.why, fmt::join(platforms::platform_names(), ", ")),
        ""};
  }
  if (!options.serve.quiet && platform->announces()) {
    say("ferry-host: platform {}: {}\n", decision.platform, decision.why);
  }
  serve::Options how = options.serve;
  FERRY_TRY(how.record, capsule::record_options(capsule::with_environment(options.record, env)));
  how.was_cut = &was_cut;
  if (how.listen.empty()) {
    how.listen = platform->default_listen(env);
  }
  std::optional<serve::LogFile> log_file;
  if (!options.log_file.empty()) {
    FERRY_TRY(auto opened, serve::LogFile::open(options.log_file));
    how.log_file = &log_file.emplace(std::move(opened));
  }
  const auto provider =
      make_provider(options, platform->environment_varies(), !how.record.folder.empty());
  return platform->serve(*provider, how);
}

int run(int argc, char** argv) {
  auto options = parse_options({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  Status done = Done{};
  bool was_cut = false;
  if (!options.ok()) {
    done = std::move(options).error();
  } else if (options->help) {
    fmt::print("{}", help_text());
  } else if (options->version) {
    fmt::print("ferry-host {}\n", FERRY_VERSION);
  } else {
    if (const char* no = std::getenv("FERRY_NO_SNAPSHOT"); no != nullptr && *no != '\0') {
      options->no_snapshot |= std::strcmp(no, "0") != 0 && std::strcmp(no, "false") != 0;
    }
    done = serve(*options, was_cut);
  }
  if (done.ok()) {
    return was_cut ? kExitCut : 0;
  }
  say("ferry-host: {}\n", done.error().text());
  return exit_code_of(done.error());
}

}  // namespace
}  // namespace ferry::hostmain

int main(int argc, char** argv) {
  ferry::open_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // a log without a reader ends nothing
  // Wasmtime reads this one by itself, and it is part of what a bundle must agree with.
  unsetenv("WASMTIME_BACKTRACE_DETAILS");
  // The compiler's child process is this program again, where it has one.
  if (argc > 1 && std::strcmp(argv[1], ferry::engine::kCompileVerb) == 0) {
    return ferry::engine::compile_child_main(
        argc, argv, [](const std::string&, const ferry::engine::EngineOptions& options) {
          return ferry::engine::make_linked_engine(options);
        });
  }
  try {
    return ferry::hostmain::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ferry-host: internal error: %s\n", error.what());
    return ferry::kExitBroken;
  }
}
