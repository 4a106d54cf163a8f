// ferry deploy DIR: what `ferry pack` made, to the platform it was made for.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/verb.h"
#include "deploy/list.h"

namespace ferry::commands {
namespace {

namespace json = boost::json;

class Deploy final : public Verb {
 public:
  Deploy() {
    for (const deploy::Deployment* each : deploy::all_deployments()) {
      targets_.emplace_back(each->name, each->make());
    }
  }

  void declare(CLI::App& app) override {
    app.add_option("DIR", job_.folder, "Folder that `ferry pack` wrote")
        ->type_name("DIR")
        ->required();
    app.add_flag("--dry-run", job_.dry_run, "Print the calls that would be made, without secrets");
    app.add_flag("--force", job_.force, "Send it even when the same is there already");
    app.add_flag("--delete", job_.remove, "Take it away from the platform again");
    app.add_option("--ca-file", job_.transport.ca_file,
                   "Certificates to trust (default: $SSL_CERT_FILE, else the system's)")
        ->type_name("FILE");
    app.add_flag("--insecure", job_.transport.insecure,
                 "Trust any certificate; send keys without TLS too");
    app.add_option("--output", output_, "How to say what was done")
        ->check(CLI::IsMember({"text", "json"}))
        ->default_str("text");
    for (auto& [name, target] : targets_) {
      target->declare(app);
    }
    app.footer(
        "Examples:\n"
        "  ferry pack hello.wasm --for openwhisk -o out && ferry deploy out\n"
        "  ferry deploy out --dry-run\n"
        "  ferry deploy out --delete\n"
        "\n"
        "Doing it twice does nothing the second time. Exit status: 0, 1 when the platform said "
        "no,\n"
        "2 for a wrong command line, 10 when the folder or the platform can't be had.");
  }

  int run() override {
    auto report = deploy();
    if (!report.ok()) {
      const Error& error = report.error();
      const bool no =
          error.code == Code::kDenied || error.code == Code::kLimit || error.code == Code::kBusy;
      const int code = give_up(error);
      return no ? kExitDifference : code;
    }
    if (!job_.dry_run) {
      print(*report);
    }
    return kExitOk;
  }

 private:
  Result<deploy::Report> deploy() {
    FERRY_TRY(job_.mark, deploy::read_mark(job_.folder));
    std::string known;
    for (auto& [name, target] : targets_) {
      if (name == job_.mark.platform) {
        return target->run(job_);
      }
      known += (known.empty() ? "" : ", ") + name;
    }
    return Error{Code::kUsage,
                 fmt::format("{} was packed for {}, which ferry can't deploy to", job_.folder,
                             deploy::shown(job_.mark.platform, 40)),
                 "it can deploy what was packed for: " + known};
  }

  void print(const deploy::Report& report) const {
    if (output_ == "json") {
      json::array changes;
      for (const deploy::Change& change : report.changes) {
        changes.push_back(json::object{{"what", change.what}, {"done", change.done}});
      }
      fmt::print("{}\n", json::serialize(json::object{
                             {"platform", job_.mark.platform},
                             {"function", json::object{{"name", job_.mark.function},
                                                       {"digest", job_.mark.digest}}},
                             {"changes", std::move(changes)},
                             {"address", report.address.empty() ? json::value(nullptr)
                                                                : json::value(report.address)}}));
      return;
    }
    for (const deploy::Change& change : report.changes) {
      fmt::print("{} {}\n", change.what, change.done);
    }
    if (!report.address.empty()) {
      fmt::print("{}\n", report.address);
    }
    if (!report.next.empty()) {
      fmt::print(stderr, "  {}\n", report.next);
    }
  }

  std::vector<std::pair<std::string, std::unique_ptr<deploy::Target>>> targets_;
  deploy::Job job_;
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Verb> make_deploy() { return std::make_unique<Deploy>(); }

}  // namespace ferry::commands
