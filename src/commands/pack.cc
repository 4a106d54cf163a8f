// ferry pack FUNCTION --for PLATFORM -o DIR: what the platform is given.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/common_options.h"
#include "commands/place.h"
#include "commands/verb.h"
#include "deploy/registry.h"
#include "packaging/list.h"

namespace ferry::commands {
namespace {

// The platforms whose packages may hold more than one function.
std::vector<std::string> several() {
  std::vector<std::string> names;
  for (const packaging::Packaging* each : packaging::all_packagings()) {
    if (each->several) names.emplace_back(each->name);
  }
  return names;
}

// "azure: http, queue=NAME", of each platform that has triggers.
std::vector<std::string> triggers() {
  std::vector<std::string> out;
  for (const packaging::Packaging* each : packaging::all_packagings()) {
    if (each->triggers != nullptr) out.push_back(fmt::format("{}: {}", each->name, each->triggers));
  }
  return out;
}

class Pack final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option(
           "FUNCTION", paths_,
           fmt::format("A .wasm file, a ferry.toml, or a folder with one; for {} also several",
                       fmt::join(several(), ", ")))
        ->required();
    app.add_option("--for", platform_, "What to make")
        ->required()
        ->check(CLI::IsMember(packaging::packaging_names()));
    app.add_option("-o,--out", options_.folder, "Folder that the package is written to")
        ->type_name("DIR")
        ->required();
    app.add_option("--arch", arch_,
                   "CPUs to make it for: amd64, arm64, or all for an image of both (default: "
                   "this machine's)")
        ->type_name("ARCH")
        ->check(CLI::IsMember({"amd64", "arm64", "all"}));
    app.add_option("--tag", options_.tag, "Name of the image (default: the function's)")
        ->type_name("NAME[:VERSION]");
    app.add_option("--trigger", options_.triggers,
                   fmt::format("What calls it, repeatable. {}", fmt::join(triggers(), "; ")))
        ->type_name("KIND")
        ->allow_extra_args(false);
    app.add_option("--key", options_.key, "Signing key (default: this user's own, made if needed)")
        ->type_name("FILE");
    app.add_option("--push", options_.push, "Send the image to a registry, with docker's login")
        ->type_name("REGISTRY/NAME[:TAG]");
    app.add_flag("--insecure-registry", options_.insecure_registry,
                 "Push without TLS, or to a certificate that no authority has signed");
    app.add_flag("--no-snapshot", options_.no_snapshot,
                 "Pack the function as it is, without a snapshot of its start-up");
    app.add_option("--case", options_.cases,
                   "File with an event's data on which a snapshot must agree (repeatable)")
        ->type_name("FILE")
        ->allow_extra_args(false);
    declare_warm(app, options_.common);
    declare_common(app, options_.common);
    app.footer(
        "Examples:\n"
        "  ferry pack hello.wasm --for image -o out && docker load -i out/image.tar\n"
        "  ferry pack hello.wasm --for openwhisk -o out\n"
        "  ferry pack hello.wasm --for knative --tag registry.example/hello:1 -o out\n"
        "  ferry pack hello.wasm --for azure --trigger http --trigger queue=orders -o out\n"
        "  ferry pack hello.wasm --for lambda -o out && sam deploy --guided -t out/template.yaml\n"
        "  ferry pack hello.wasm --for lambda --arch arm64 -o out    for Graviton\n"
        "  ferry pack orders.wasm mail.wasm --for lambda -o out    two functions, one layer\n"
        "\n"
        "Needs no container engine. The same input and key give the same bytes.");
  }

  int run() override {
    Status done = pack();
    if (done.ok()) {
      return kExitOk;
    }
    return give_up(done.error());
  }

 private:
  Status choose_architectures(const packaging::Packaging& target) {
    const bool only_amd64 = target.cpus == packaging::Cpus::kAmd64;
    if (arch_ == "all") {
      options_.architectures.assign(kArchitectures.begin(), kArchitectures.end());
    } else if (const auto asked = find_architecture(arch_)) {
      options_.architectures = {*asked};
    } else {
      options_.architectures = {only_amd64 ? Architecture::kAmd64 : kThisArchitecture};
    }
    if (only_amd64 && !arch_.empty() && arch_ != "amd64") {
      return Error{Code::kUsage, fmt::format("packages for {} are made for amd64 alone", platform_),
                   "leave --arch out"};
    }
    if (target.cpus == packaging::Cpus::kOne && arch_ == "all") {
      return Error{Code::kUsage,
                   fmt::format("what is packed for {} is for one architecture", platform_),
                   "pack for each, into a folder of its own"};
    }
    return Done{};
  }

  Status pack() {
    options_.path = paths_.front();
    options_.more.assign(paths_.begin() + 1, paths_.end());
    const packaging::Packaging* target = packaging::find_packaging(platform_);
    if (!options_.more.empty() && !target->several) {
      return Error{Code::kUsage, fmt::format("a package for {} holds one function", platform_),
                   "pack each by itself, into a folder of its own"};
    }
    FERRY_CHECK_OK(choose_architectures(*target));
    FERRY_CHECK_OK(check_folder_place("-o", options_.folder));
    options_.environment_varies = target->environment_varies;
    if (!options_.triggers.empty() && target->triggers == nullptr) {
      return Error{Code::kUsage, fmt::format("--trigger means nothing for {}", platform_),
                   fmt::format("it may be given for {}", fmt::join(triggers(), "; "))};
    }
    if (!options_.push.empty()) {
      if (!target->has_image) {
        return Error{Code::kUsage,
                     fmt::format("--push sends an image, and a package for {} has none", platform_),
                     "use --for image"};
      }
      // Known before anything is compiled.
      FERRY_TRY(const deploy::ImageName name, deploy::parse_image_name(options_.push));
      options_.tag = options_.tag.empty() ? options_.push : options_.tag;
    }
    return target->pack(options_);
  }

  packaging::PackOptions options_;
  std::vector<std::string> paths_;
  std::string platform_;
  std::string arch_;
};

}  // namespace

std::unique_ptr<Verb> make_pack() { return std::make_unique<Pack>(); }

}  // namespace ferry::commands
