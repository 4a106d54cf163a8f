// Where an event enters a component: the function it lifts for wasi:http or wasi:cli/run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "component/graph.h"

namespace ferry::component {

enum class Generation : std::uint8_t { kWasi02, kWasi03 };
// "0.2", "0.3".
std::string_view generation_name(Generation generation);

struct Entry {
  bool is_http = false;  // else wasi:cli/run
  Generation generation = Generation::kWasi02;
  std::string interface;  // "wasi:http/incoming-handler@0.2.3"
  std::string function;   // "handle", "run"
  CoreDef core;
  std::optional<CoreDef> post_return;
  std::optional<CoreDef> callback;  // of WASI 0.3
};

// The entry that counts: http before run, 0.3 before 0.2 (whose `run` may be the empty main
// function that a toolchain of 0.2 adds). kUnsupported where there is none, naming what there is
// instead.
Result<Entry> find_entry(const Graph& graph);

}  // namespace ferry::component
