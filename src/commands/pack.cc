// ferry pack FUNCTION --for PLATFORM -o DIR: what the platform is given.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/common_options.h"
#include "commands/verb.h"
#include "deploy/registry.h"
#include "packaging/azure.h"
#include "packaging/containers.h"
#include "packaging/lambda.h"
#include "packaging/openwhisk.h"
#include "packaging/push.h"

namespace ferry::commands {
namespace {

class Pack final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", paths_,
                   "A .wasm file, a ferry.toml, or a folder with one; for lambda also several")
        ->required();
    app.add_option("--for", platform_, "What to make")
        ->required()
        ->check(CLI::IsMember({"image", "lambda", "openwhisk", "knative", "azure", "openfaas"}));
    app.add_option("-o,--output", options_.folder, "Folder that the package is written to")
        ->type_name("DIR")
        ->required();
    app.add_option("--tag", options_.tag, "Name of the image (default: the function's)")
        ->type_name("NAME[:VERSION]");
    app.add_option("--trigger", options_.triggers,
                   "Azure: http, eventgrid, timer=CRON, queue=NAME, blob=PATH, servicebus=NAME or "
                   "eventhub=NAME (repeatable; default: http)")
        ->type_name("KIND")
        ->allow_extra_args(false);
    app.add_option("--key", options_.key, "Signing key (default: this user's own, made if needed)")
        ->type_name("FILE");
    app.add_option("--push", options_.push, "Send the image to a registry, with docker's login")
        ->type_name("REGISTRY/NAME[:TAG]");
    app.add_flag("--insecure-registry", options_.insecure_registry,
                 "Push without TLS, or to a certificate that nobody vouches for");
    app.add_flag(
        "--no-snapshot", options_.no_snapshot,
        "Pack the function as it is: do not take its start-up ahead where that can be done");
    app.add_option("--case", options_.cases,
                   "File with an event's data on which a snapshot must agree (repeatable)")
        ->type_name("FILE")
        ->expected(1)
        ->allow_extra_args(false);
    declare_common(app, options_.common);
    app.footer(
        "Examples:\n"
        "  ferry pack hello.wasm --for image -o out && docker load -i out/image.tar\n"
        "  ferry pack hello.wasm --for openwhisk -o out\n"
        "  ferry pack hello.wasm --for knative --tag registry.example/hello:1 -o out\n"
        "  ferry pack hello.wasm --for azure --trigger http --trigger queue=orders -o out\n"
        "  ferry pack hello.wasm --for lambda -o out && sam deploy --guided -t out/template.yaml\n"
        "  ferry pack orders.wasm mail.wasm --for lambda -o out    two functions, one layer\n"
        "\n"
        "Needs no container engine. The same input and key give the same bytes.");
  }

  int run() override {
    Status done = pack();
    if (done.ok()) {
      return kExitOk;
    }
    complain({done.error().message, done.error().hint});
    return done.error().code == Code::kUsage ? kExitUsage : kExitNoEngineOrFile;
  }

 private:
  Status pack() {
    options_.path = paths_.front();
    options_.platform = platform_;
    options_.more.assign(paths_.begin() + 1, paths_.end());
    if (!options_.more.empty() && platform_ != "lambda") {
      return Error{Code::kUsage, fmt::format("a package for {} holds one function", platform_),
                   "pack each by itself, into a folder of its own"};
    }
    if (!options_.triggers.empty() && platform_ != "azure") {
      return Error{Code::kUsage, "--trigger is for --for azure alone", ""};
    }
    if (!options_.push.empty()) {
      if (platform_ == "lambda" || platform_ == "azure") {
        return Error{Code::kUsage,
                     fmt::format("--push sends an image, and a package for {} has none", platform_),
                     "use --for image"};
      }
      // Known before anything is compiled.
      FERRY_TRY(const deploy::ImageName name, deploy::parse_image_name(options_.push));
      options_.tag = options_.tag.empty() ? options_.push : options_.tag;
    }
    if (platform_ == "openwhisk") {
      return packaging::pack_for_openwhisk(options_);
    }
    if (platform_ == "lambda") {
      return packaging::pack_for_lambda(options_);
    }
    if (platform_ == "knative") {
      return packaging::pack_for_knative(options_);
    }
    if (platform_ == "azure") {
      return packaging::pack_for_azure(options_);
    }
    return platform_ == "openfaas" ? packaging::pack_for_openfaas(options_) : pack_image();
  }

  Status pack_image() {
    FERRY_TRY(const Packed packed, packaging::pack_function(options_));
    FERRY_TRY(Bytes program, packaging::read_shipped("ferry-host"));
    package::ImageSpec spec = packaging::image_of(std::move(program), packed.key, &packed);
    spec.tag = packaging::image_tag(options_, packed.function);
    FERRY_TRY(const package::Image image, package::write_image(spec));
    FERRY_CHECK_OK(packaging::write_into(options_.folder, "image.tar", image.tar));
    FERRY_CHECK_OK(packaging::write_mark(options_, packed, "image"));
    if (!options_.common.quiet) {
      fmt::print(stderr,
                 "ferry: {}/image.tar: image {} with {} ({}), {}\n"
                 "  docker load -i {}/image.tar\n"
                 "  docker run --rm --read-only --cap-drop ALL -p 8080:8080 {}\n",
                 options_.folder, spec.tag, packed.function.name, packed.function.digest,
                 function::format_size(image.tar.size()), options_.folder, spec.tag);
    }
    return options_.push.empty() ? Status(Done{}) : packaging::push_packed(options_, image);
  }

  packaging::PackOptions options_;
  std::vector<std::string> paths_;
  std::string platform_;
};

}  // namespace

std::unique_ptr<Verb> make_pack() { return std::make_unique<Pack>(); }

}  // namespace ferry::commands
