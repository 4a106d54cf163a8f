#include "builder/server_snapshot.h"

#include <fmt/format.h>

#include "builder/snapshot_builder.h"
#include "engine/lower.h"

namespace ferry::builder {
namespace {

Error none(std::string why, std::string hint = "") {
  return {Code::kUnsupported, "no snapshot: " + std::move(why), std::move(hint)};
}

}  // namespace

std::optional<Error> why_no_snapshot(const function::Function& function) {
  const function::Manifest& manifest = function.manifest;
  if (const std::string of = snapshot_of(function); !of.empty()) {
    return Error{Code::kUnsupported, "it is a snapshot already, of " + of, ""};
  }
  if (manifest.limits.instructions) {
    return none("its instructions are limited, and those of its start-up would not count");
  }
  // A snapshot is proven by giving both versions some events, and these must touch nothing.
  if (!manifest.grants.dirs.empty()) return none("it was granted folders, which a trial would use");
  return std::nullopt;
}

Result<ServerVersion> snapshot_for_server(engine::Engine& engine,
                                          const engine::EngineOptions& options,
                                          const function::Function& function,
                                          const bundle::MacKey& key, const ServedWhere& where,
                                          const Bundles& bundles) {
  if (auto why = why_no_snapshot(function)) return *std::move(why);
  if (const auto tool = engine::find_wasm_opt();
      !tool.ok() && function.binary.abi == wasm::Abi::kCommand) {
    return none("wasm-opt of binaryen is missing", tool.error().hint);
  }
  const Monotonic begun = system_clock().monotonic();
  SnapshotRequest how;
  how.unasked = true;
  how.environment_varies = where.environment_varies;
  how.recorded = where.recorded;
  how.key_of = "this server's own, drawn at its start";
  how.bundles = bundles;
  auto tried = build_snapshot(engine, options, function, how);
  std::string not_warmed;
  if (!tried.ok() && !function.manifest.warm.empty()) {
    not_warmed = fmt::format("; not warmed: {}", tried.error().text());
    function::Function cold = function;
    cold.manifest.warm.clear();
    auto unwarmed = build_snapshot(engine, options, cold, how);
    // Where that fails too, the reason to give is that of what was asked for.
    if (unwarmed.ok()) tried = std::move(unwarmed);
  }
  FERRY_TRY(const BuiltSnapshot built, std::move(tried));
  FERRY_TRY(const bundle::Bundle made, how.bundles(built.function));
  FERRY_TRY(const Bytes artifact, made.artifact->bytes());
  bundle::BundleInfo info = made.info;
  info.function_name = function.name;
  info.function_digest = function.digest;  // a snapshot is no other function
  ServerVersion out;
  out.bundle = bundle::write_bundle(info, artifact, key);
  const auto took = std::chrono::duration<double>(system_clock().monotonic() - begun).count();
  out.words = fmt::format(
      "events start from a snapshot of its start-up now ({}{}; made in {:.1f} s; --no-snapshot "
      "leaves it){}",
      function.manifest.warm.empty() || !not_warmed.empty() ? "" : "warmed; ", built.compared_on,
      took, not_warmed);
  return out;
}

Result<ServerVersion> compiled_for_server(const engine::Info& engine,
                                          const function::Function& function,
                                          const bundle::MacKey& key, const Bundles& bundles) {
  const Monotonic begun = system_clock().monotonic();
  FERRY_TRY(const bundle::Bundle made, bundles(function));
  FERRY_TRY(const Bytes artifact, made.artifact->bytes());
  const auto took = std::chrono::duration<double>(system_clock().monotonic() - begun).count();
  return ServerVersion{
      bundle::write_bundle(made.info, artifact, key),
      fmt::format("compiled in {:.1f} s; {} {} answers now", took, engine.name, engine.version)};
}

}  // namespace ferry::builder
