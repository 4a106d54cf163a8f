#include "builder/server_snapshot.h"

#include <memory>

#include <fmt/format.h>

#include "base/digest.h"
#include "builder/apart.h"
#include "builder/snapshot_builder.h"
#include "engine/compiler.h"
#include "engine/lower.h"

namespace ferry::builder {
namespace {

Error none(std::string why, std::string hint = "") {
  return {Code::kUnsupported, "no snapshot: " + std::move(why), std::move(hint)};
}

// In a child process; the last result is kept, since what a trial asks for last is what it made.
snapshot::CompilePrepared compile_remembering(const engine::Info& engine,
                                              const engine::EngineOptions& options) {
  struct Last {
    Sha256 of{};
    Bytes code;
  };
  return [name = engine.name + (engine.variant.empty() ? "" : ":" + engine.variant), options,
          last = std::make_shared<Last>()](ByteView prepared) -> Result<Bytes> {
    const Sha256 digest = sha256(prepared);
    if (last->code.empty() || last->of != digest) {
      FERRY_TRY(last->code, engine::compile_in_child(name, options, prepared, {}));
      last->of = digest;
    }
    return last->code;
  };
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
                                          const Looking& looking) {
  if (auto why = why_no_snapshot(function)) return *std::move(why);
  if (const auto tool = engine::find_wasm_opt();
      !tool.ok() && function.binary.abi == wasm::Abi::kCommand) {
    return none("wasm-opt of binaryen is missing", tool.error().hint);
  }
  const Monotonic begun = system_clock().monotonic();
  const engine::Info& of = engine.info();
  const SnapshotTools tools{compile_remembering(of, options), snapshot::make_unwindable};
  const auto try_it = [&](const function::Function& original) {
    return try_apart(tools, [&](const SnapshotTools& asking) -> Result<TriedSnapshot> {
      SnapshotRequest how;
      how.unasked = true;
      how.environment_varies = where.environment_varies;
      how.recorded = where.recorded;
      how.key_of = "this server's own, drawn at its start";
      how.bundles = [&, others = passing_bundles(of, asking.compile)](
                        const function::Function& each) -> Result<bundle::Bundle> {
        if (looking.original && each.digest == function.digest) return *looking.original;
        return others(each);
      };
      how.compile = asking.compile;
      how.unwindable = asking.unwindable;
      how.before_it_runs = [&]() -> Status {
        looking.forget_keys();
        if (const Status entered = host::sandbox::enter(where.sandbox, {}); !entered.ok()) {
          return none(
              "the process that tries it could not shut itself in: " + entered.error().message,
              "--no-sandbox tries it all the same");
        }
        return Done{};
      };
      FERRY_TRY(BuiltSnapshot built, build_snapshot(engine, options, original, how));
      return TriedSnapshot{std::move(built.function.wasm), std::move(built.compared_on)};
    });
  };
  auto tried = try_it(function);
  std::string not_warmed;
  if (!tried.ok() && !function.manifest.warm.empty()) {
    not_warmed = fmt::format("; not warmed: {}", tried.error().text());
    function::Function cold = function;
    cold.manifest.warm.clear();
    auto unwarmed = try_it(cold);
    // Where that fails too, the reason to give is that of what was asked for.
    if (unwarmed.ok()) tried = std::move(unwarmed);
  }
  FERRY_TRY(TriedSnapshot got, std::move(tried));
  FERRY_TRY(const auto snapshot,
            function::make_function(function.name, std::move(got.wasm), function.manifest));
  FERRY_TRY(const bundle::Bundle made, passing_bundles(of, tools.compile)(snapshot));
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
      function.manifest.warm.empty() || !not_warmed.empty() ? "" : "warmed; ", got.compared_on,
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
