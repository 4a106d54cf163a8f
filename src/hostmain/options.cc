#include "hostmain/options.h"

#include <charconv>
#include <functional>

#include <fmt/format.h>

#include "function/manifest.h"

namespace ferry::hostmain {
namespace {

struct Option {
  std::string_view name;
  const char* value;  // null: a flag
  const char* help;
  std::function<Status(Options&, const std::string&)> set;
};

Status set_workers(Options& options, const std::string& text) {
  const char* end = text.data() + text.size();
  auto [stop, problem] = std::from_chars(text.data(), end, options.serve.workers);
  if (problem != std::errc{} || stop != end || options.serve.workers < 1 ||
      options.serve.workers > 1024) {
    return Error{Code::kUsage, fmt::format("--workers {}: not a number from 1 to 1024", text), ""};
  }
  return Done{};
}

Status set_memory_budget(Options& options, const std::string& text) {
  FERRY_TRY(options.serve.memory_budget, function::parse_size(text));
  return Done{};
}

Status set_sandbox(Options& options, const std::string& text) {
  FERRY_TRY(options.serve.sandbox, host::sandbox::parse_parts(text));
  return Done{};
}

Status set_log_format(Options& options, const std::string& text) {
  if (text != "text" && text != "json") {
    return Error{Code::kUsage, fmt::format("--log-format {}: neither text nor json", text), ""};
  }
  options.serve.log_format = text == "json" ? serve::LogFormat::kJson : serve::LogFormat::kText;
  return Done{};
}

template <typename Part>
auto set_text(Part part) {
  return [part](Options& options, const std::string& text) -> Status {
    part(options) = text;
    return Done{};
  };
}

template <typename Part>
auto set_flag(Part part) {
  return [part](Options& options, const std::string&) -> Status {
    part(options) = true;
    return Done{};
  };
}

std::span<const Option> table() {
  static const Option options[] = {
      {"--bundle", "FILE|DIR", "What to serve (default: the bundles beside this program)",
       set_text([](Options& o) -> auto& { return o.bundle; })},
      {"--key", "FILE", "Public key that the bundles are signed with (default: ferry.pub beside)",
       set_text([](Options& o) -> auto& { return o.key; })},
      {"--platform", "NAME", "Whose side is served (default: what the environment says)",
       set_text([](Options& o) -> auto& { return o.platform; })},
      {"--listen", "HOST:PORT",
       "Where to serve, or unix:PATH (default: :8080, or :$PORT; port 0: a free one, printed)",
       set_text([](Options& o) -> auto& { return o.serve.listen; })},
      {"--admin", "HOST:PORT", "Where /livez, /readyz and /metrics are served",
       set_text([](Options& o) -> auto& { return o.serve.admin; })},
      {"--workers", "N", "Worker processes (default: one for each core it may use)", set_workers},
      {"--memory-budget", "SIZE",
       "Most that all workers hold to keep instances (default: half of the cgroup's limit)",
       set_memory_budget},
      {"--sandbox", "PARTS",
       "What workers shut themselves in with: all (default), none, or all but some: no-files",
       set_sandbox},
      {"--no-sandbox", nullptr, "The same as --sandbox none",
       [](Options& o, const std::string&) { return set_sandbox(o, "none"); }},
      {"--print-sandbox", nullptr, "Print what that is here, and end",
       set_flag([](Options& o) -> auto& { return o.serve.print_sandbox; })},
      {"--record", "DIR", "Folder that events are recorded in, for 'ferry replay'",
       set_text([](Options& o) -> auto& { return o.record.folder; })},
      {"--record-only", "WHAT", "Which: all (default), or failures alone",
       set_text([](Options& o) -> auto& { return o.record.only; })},
      {"--record-rate", "RATE", "How many of these: 0.01 is one in a hundred",
       set_text([](Options& o) -> auto& { return o.record.rate; })},
      {"--record-size", "SIZE", "Most that is kept there (default: 256MiB)",
       set_text([](Options& o) -> auto& { return o.record.size; })},
      {"--no-snapshot", nullptr,
       "Serve wasm that comes over the wire as it is (ferry-host-full; FERRY_NO_SNAPSHOT=1)",
       set_flag([](Options& o) -> auto& { return o.no_snapshot; })},
      {"--pin", nullptr, "Each worker on a core of its own, for the connections that arrive there",
       set_flag([](Options& o) -> auto& { return o.serve.pin; })},
      {"--log-format", "text|json", "How log lines are printed", set_log_format},
      {"--log-file", "FILE", "File for all that is printed on stderr; opened anew on SIGHUP",
       set_text([](Options& o) -> auto& { return o.log_file; })},
      {"--quiet", nullptr, "Print errors only",
       set_flag([](Options& o) -> auto& { return o.serve.quiet; })},
      {"--help", nullptr, "Print this", set_flag([](Options& o) -> auto& { return o.help; })},
      {"--version", nullptr, "Print the version",
       set_flag([](Options& o) -> auto& { return o.version; })},
  };
  return options;
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> words) {
  Options out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    // An image's CMD behind this program as its ENTRYPOINT.
    if (!word.starts_with('-') && !word.empty() && out.function.empty()) {
      out.function = word;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const Option* found = nullptr;
    for (const Option& option : table()) {
      if (option.name == name) {
        found = &option;
      }
    }
    if (found == nullptr || (found->value == nullptr && equals != std::string_view::npos)) {
      return Error{Code::kUsage, fmt::format("unknown word '{}'", word), "see ferry-host --help"};
    }
    std::string value;
    if (found->value != nullptr && equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (found->value != nullptr) {
      if (i + 1 == words.size()) {
        return Error{Code::kUsage, fmt::format("{} wants a value: {}", name, found->value), ""};
      }
      value = words[++i];
    }
    FERRY_CHECK_OK(found->set(out, value));
  }
  return out;
}

std::string help_text() {
  std::string out =
      "ferry-host serves functions that `ferry pack` made ready, on the platform it finds itself "
      "on.\n\n  ferry-host [NAME] [options]    NAME: serve this one alone of several functions\n\n";
  for (const Option& option : table()) {
    out += fmt::format("  {:<24} {}\n",
                       fmt::format("{} {}", option.name, option.value ? option.value : ""),
                       option.help);
  }
  return out;
}

}  // namespace ferry::hostmain
