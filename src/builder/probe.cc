#include "builder/probe.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/seeded.h"
#include "builder/trial.h"
#include "builder/variation.h"
#include "bundle/code_guard.h"
#include "bundle/load.h"
#include "host/invocation.h"
#include "host/ticker.h"
#include "wasm/prepare.h"

namespace ferry::builder {
namespace {

struct Probe {
  const host::Guest& guest;
  engine::Module& module;
  const snapshot::SecondStart* second;  // null: as the snapshot starts
};

// The second start's state in place of the snapshot's.
Status put_second_start(engine::Instance& instance, const snapshot::SecondStart& second) {
  const wasi::Memory memory = instance.memory();
  if (memory.size != second.memory.size()) {
    return Error{Code::kInvalid, "two starts of it left memories of different sizes", ""};
  }
  std::memcpy(memory.base, second.memory.data(), second.memory.size());
  for (std::size_t i = 0; i < second.globals.size(); ++i) {
    if (auto handle = instance.find_global(wasm::kGlobalPrefix + std::to_string(i))) {
      instance.set_global(*handle, second.globals[i]);
    }
  }
  return Done{};
}

Result<host::Guest> guest_of(const function::Function& function, const bundle::Bundle& bundle) {
  FERRY_TRY(wasm::Record record, wasm::record_from_json(bundle.info.facts));
  return trial_guest(function, std::move(record));
}

// How the guest ended and all that it wrote, in one string.
Result<std::string> answer(const Probe& probe, const event::Event& event, std::uint64_t stream) {
  const std::chrono::milliseconds timeout = probe.guest.manifest.limits.timeout;
  SeededClock clock(0);  // long after both starts
  SeededRandom random(stream);
  wasi::Context context(clock, random);
  event::ReadyEvent ready(event);
  const host::InvokeOptions options;
  host::Invocation invocation(probe.guest, ready, options);
  FERRY_CHECK_OK(invocation.begin(context, clock.monotonic() + timeout));
  FERRY_TRY(auto instance, probe.module.instantiate(probe.guest.instance_limits()));
  if (probe.second != nullptr) {
    FERRY_CHECK_OK(put_second_start(*instance, *probe.second));
  }
  const engine::End end = invocation.call(*instance, context, system_clock().monotonic() + timeout);
  return fmt::format("end {} {} exit {} {} reply {}\nlog {}", static_cast<int>(end.kind), end.value,
                     static_cast<int>(context.stop()), context.exit_code(), context.out(),
                     context.err());
}

}  // namespace

Status compare_with_second_start(engine::Engine& engine, const Bundles& bundles,
                                 const function::Function& snapshot,
                                 const snapshot::SecondStart& other,
                                 const std::vector<Case>& cases) {
  FERRY_TRY(auto bundle, bundles(snapshot));
  FERRY_TRY(auto module, bundle::load_artifact(engine, bundle.artifact));
  FERRY_TRY(const host::Guest guest, guest_of(snapshot, bundle));
  host::Ticker ticker(engine);
  const host::Ticker::Running running(ticker);
  for (const Case& each : cases) {
    const Probe probe{guest, *module, nullptr};
    FERRY_TRY(const std::string first, answer(probe, each.event, 0));
    FERRY_TRY(const std::string second, answer({guest, *module, &other}, each.event, 0));
    bool same = first == second;
    if (!same) {
      // The order of a map, for example, depends on values drawn while starting, and is drawn anew
      // for each event too.
      FERRY_TRY(same, differ_only_in_what_varies(first, second, [&](std::uint64_t seed) {
                  return answer(probe, each.event, seed);
                }));
    }
    if (!same) {
      return Error{
          Code::kInvalid,
          fmt::format("no snapshot: its outcome on the event '{}' depends on randomness or the "
                      "time that it drew while starting, which would be the same for every event",
                      each.name),
          "draw it once the event is there: after the first read, in handle()"};
    }
  }
  return Done{};
}

Result<std::vector<bundle::PageRun>> early_code(engine::Engine& engine,
                                                const function::Function& function,
                                                const bundle::Bundle& bundle,
                                                const std::vector<std::string>& case_files) {
  constexpr std::chrono::milliseconds kLongEnough{2000};
  FERRY_TRY(std::vector<Case> cases, make_cases(case_files));
  const auto plain = std::ranges::find(cases, kPlainCase, &Case::name);
  const auto own = cases.end() - static_cast<std::ptrdiff_t>(case_files.size());
  FERRY_TRY(const bundle::WatchedModule watched, bundle::load_watched(engine, bundle.artifact));
  host::Ticker ticker(engine);
  const host::Ticker::Running running(ticker);
  FERRY_TRY(host::Guest guest, guest_of(function, bundle));
  function::Limits& limits = guest.manifest.limits;
  limits.timeout = std::min(limits.timeout, kLongEnough);
  const Probe probe{guest, *watched.module, nullptr};
  FERRY_CHECK_OK(answer(probe, plain->event, 0));
  for (auto each = own; each != cases.end(); ++each) {
    FERRY_CHECK_OK(answer(probe, each->event, 0));
  }
  return watched.guard->touched();
}

}  // namespace ferry::builder
