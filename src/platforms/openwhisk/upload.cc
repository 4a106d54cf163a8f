#include "platforms/openwhisk/upload.h"

#include <chrono>
#include <optional>

#include "engine/compiler.h"
#include "engine/prepare_options.h"
#include "function/function.h"
#include "serve/upload_improver.h"
#include "wasm/record.h"

namespace ferry::platforms::openwhisk {
namespace {

// Without a ferry.toml the action's own time limit holds, which comes with each activation.
constexpr std::chrono::hours kNoTimeout{24};

constexpr engine::CompileLimits kCompileLimits{std::chrono::seconds(60), 4ull << 30, 256ull << 20};

Status check_grants(const function::Manifest& manifest) {
  if (manifest.grants.dirs.empty()) {
    return Done{};
  }
  return Error{Code::kDenied, "the function is granted folders, and there are none here",
               "take dirs out of its ferry.toml"};
}

Result<Uploaded> load(host::Host& host, const bundle::Bundle& bundle, const std::string& name,
                      function::Manifest manifest) {
  function::Grants grants = manifest.grants;
  FERRY_TRY(auto function, host.load(bundle, {name, std::move(manifest), {}}));
  return Uploaded{std::move(function), std::move(grants)};
}

// Compiled in a child, for the host's engine. As bundle::Store makes one, but for what rewrites
// functions for engines that lack a feature, which ferry-host would carry for nothing.
Result<bundle::Bundle> compile(host::Host& host, const function::Function& function) {
  const engine::Info& engine = host.engine().info();
  FERRY_TRY(const wasm::Prepared prepared,
            wasm::prepare(function.wasm, function.binary, engine::prepare_options(engine)));
  engine::EngineOptions engine_options;
  engine_options.variant = engine.variant;
  engine_options.count_instructions = function.manifest.limits.instructions.has_value();
  FERRY_TRY(const Bytes artifact,
            engine::compile_in_child(engine.name, engine_options, prepared.wasm, kCompileLimits));
  bundle::BundleInfo info;
  info.function_name = function.name;
  info.function_digest = function.digest;
  info.engine_name = engine.name;
  info.engine_fingerprint = engine.fingerprint;
  info.facts = wasm::to_json(wasm::make_record(function.binary, prepared.facts));
  // A bundle for this process alone: it never leaves memory, and its key was never anywhere else.
  bundle::MacKey once;
  system_random().fill(once.bytes);
  return bundle::open_bundle(bundle::write_bundle(info, artifact, once), once);
}

Result<Uploaded> load_bundle(host::Host& host, const Upload& code, const AdapterOptions& options) {
  if (!options.key) {
    return Error{Code::kDenied, "this runtime takes no bundles: it has no public key",
                 "upload the wasm itself"};
  }
  FERRY_TRY(const bundle::Bundle bundle, bundle::open_bundle(code.bytes, *options.key));
  FERRY_TRY(
      function::Manifest manifest,
      function::parse_manifest(bundle.info.manifest, "the bundle's manifest", options.sections));
  FERRY_CHECK_OK(check_grants(manifest));
  return load(host, bundle, bundle.info.function_name, std::move(manifest));
}

}  // namespace

Result<Uploaded> load_upload(host::Host& host, Upload code, const std::string& name,
                             const AdapterOptions& options, bool may_be_provisional) {
  if (code.kind == Upload::Kind::kBundle) {
    return load_bundle(host, code, options);
  }
  function::Manifest manifest;
  manifest.limits.timeout = kNoTimeout;
  if (!code.manifest.empty()) {
    FERRY_TRY(manifest, function::parse_manifest(code.manifest, "ferry.toml", options.sections));
    FERRY_CHECK_OK(check_grants(manifest));
  }
  FERRY_TRY(function::Function function,
            function::make_function(code.name.empty() ? name : code.name, std::move(code.bytes),
                                    std::move(manifest)));
  FERRY_CHECK_OK(function::check_runnable(function));
  std::optional<Uploaded> out;
  if (options.improver != nullptr && may_be_provisional) {
    // Where the interpreter does not take it, the compiler says why, or takes it.
    if (auto loaded = options.improver->load_provisional(function); loaded.ok()) {
      out = Uploaded{{*std::move(loaded), true}, function.manifest.grants};
      out->provisional = true;
    }
  }
  if (!out) {
    FERRY_TRY(const bundle::Bundle bundle, compile(host, function));
    FERRY_TRY(out, load(host, bundle, function.name, function.manifest));
  }
  out->wasm = std::move(function.wasm);
  out->manifest_text = std::move(code.manifest);
  return *std::move(out);
}

void improve(host::Host& host, const Uploaded& uploaded, const AdapterOptions& options) {
  if (options.improver == nullptr) return;
  if (uploaded.wasm.empty()) {
    options.improver->stop();
    return;
  }
  const auto version = uploaded.function.version();
  const Status begun = options.improver->begin(
      {host::name_of(*version), uploaded.manifest_text, uploaded.wasm}, host::manifest_of(*version),
      host, uploaded.function, uploaded.provisional);
  if (!begun.ok()) uploaded.function.settle();  // it is served as it is
}

}  // namespace ferry::platforms::openwhisk
