// ferry cache: what compiled functions are kept, and removing some.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/terminal.h"
#include "bundle/prune.h"
#include "bundle/store.h"
#include "commands/app.h"
#include "function/manifest.h"

namespace ferry::commands {
namespace {

namespace json = boost::json;

class Cache final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_flag("--prune", prune_, "Remove what is older or more than --max-age and --max-size");
    app.add_flag("--clear", clear_, "Remove all of it");
    app.add_option("--max-size", max_size_,
                   "With --prune: keep at most this much, what was used last (default 2GiB, or "
                   "$FERRY_CACHE_SIZE)")
        ->type_name("SIZE");
    app.add_option("--max-age", max_days_,
                   "With --prune: remove what was not used for so many days (default 60, or "
                   "$FERRY_CACHE_DAYS)")
        ->type_name("DAYS")
        ->check(CLI::Range(0, 36'500));
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.footer(
        "Examples:\n"
        "  ferry cache\n"
        "  ferry cache --prune --max-size 200MiB\n"
        "  ferry cache --clear\n"
        "\n"
        "A function is compiled once for each engine and kept; what is removed is compiled again\n"
        "when it is used next. The bounds hold by themselves whenever something is added.\n"
        "\n"
        "Exit codes: 0, 2 usage, 10 the folder cannot be used.");
  }

  int run() override {
    if ((!max_size_.empty() || max_days_ >= 0) && !prune_) {
      return give_up({Code::kUsage, "--max-size and --max-age go with --prune",
                      "$FERRY_CACHE_SIZE and $FERRY_CACHE_DAYS set the bounds for good"});
    }
    const Status done = show_or_remove();
    if (!done.ok()) {
      return give_up(done.error());
    }
    return kExitOk;
  }

 private:
  Status show_or_remove() {
    FERRY_TRY(const bundle::Store store, bundle::Store::open({}));
    if (!prune_ && !clear_) {
      return show(store);
    }
    bundle::Bounds bounds = clear_ ? bundle::Bounds{} : bundle::default_bounds();
    if (!max_size_.empty()) {
      auto size = function::parse_size(max_size_);
      if (!size.ok()) {
        return Error{Code::kUsage, "--max-size: " + size.error().message, size.error().hint};
      }
      bounds.bytes = *size;
    }
    bounds.age = max_days_ >= 0 ? std::chrono::hours(24) * max_days_ : bounds.age;
    FERRY_TRY(const bundle::Pruned removed, bundle::prune(store.folder(), bounds));
    if (output_ == "json") {
      fmt::print("{}\n", json::serialize(json::object{{"removed", removed.files},
                                                      {"removed_bytes", removed.bytes}}));
    } else {
      fmt::print("removed {} compiled function{}, {}\n", removed.files,
                 removed.files == 1 ? "" : "s", function::format_size(removed.bytes));
    }
    return Done{};
  }

  Status show(const bundle::Store& store) const {
    FERRY_TRY(const auto files, bundle::kept_files(store.folder()));
    json::array list;
    std::uint64_t total = 0;
    for (const bundle::KeptFile& file : files) {
      total += file.bytes;
      const auto info = store.info_of(file.path);
      const std::string used = to_rfc3339(std::chrono::time_point_cast<Nanoseconds>(file.used));
      const std::string name = info.ok() ? info->function_name : "(unreadable)";
      const std::string engine = info.ok() ? info->engine_name : "";
      if (output_ == "text") {
        fmt::print("{:<24} {:<10} {:>10}  used {}\n", escape_controls(name),
                   escape_controls(engine), function::format_size(file.bytes), used);
      }
      list.push_back({{"function", name},
                      {"digest", info.ok() ? info->function_digest : ""},
                      {"engine", engine},
                      {"bytes", file.bytes},
                      {"used", used},
                      {"path", file.path}});
    }
    const bundle::Bounds bounds = bundle::default_bounds();
    const auto days = std::chrono::duration_cast<std::chrono::hours>(bounds.age).count() / 24;
    if (output_ == "json") {
      fmt::print("{}\n", json::serialize(json::object{{"folder", store.folder()},
                                                      {"bytes", total},
                                                      {"max_bytes", bounds.bytes},
                                                      {"max_days", days},
                                                      {"functions", std::move(list)}}));
      return Done{};
    }
    fmt::print("{}{} compiled function{} in {}: {} (at most {}, and {} days unused)\n",
               files.empty() ? "" : "\n", files.size(), files.size() == 1 ? "" : "s",
               store.folder(), function::format_size(total), function::format_size(bounds.bytes),
               days);
    return Done{};
  }

  bool prune_ = false;
  bool clear_ = false;
  std::string max_size_;
  int max_days_ = -1;
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Verb> make_cache() { return std::make_unique<Cache>(); }

}  // namespace ferry::commands
