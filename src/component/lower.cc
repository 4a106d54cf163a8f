#include "component/lower.h"

#include <fmt/format.h>

#include "component/merge.h"
#include "component/shim.h"
#include "wasm/writer.h"

namespace ferry::component {
namespace {

Description describe(const Graph& graph, const Entry& entry, const Plan& plan) {
  Description out;
  out.is_http = entry.is_http;
  out.generation = entry.generation;
  out.interface = entry.interface;
  out.function = entry.function;
  out.core_modules = static_cast<std::uint32_t>(graph.linked().size());
  for (const HostFunc& host : plan.host) {
    if (host.function.empty()) continue;  // ferry's own
    out.imports.push_back({host.module, host.field, host.interface, host.function, host.encoding,
                           host.realloc.has_value(), host.is_async});
  }
  return out;
}

void put_custom(Bytes& out, std::string_view name, ByteView contents) {
  Bytes section;
  wasm::put_name(section, name);
  wasm::put_bytes(section, contents);
  wasm::put_section(out, 0, section);
}

// Who made it, for those who read the lowered module alone.
Bytes producers_section(const std::vector<wasm::Producer>& producers) {
  Bytes out;
  wasm::put_u32(out, static_cast<std::uint32_t>(producers.size()));
  for (const wasm::Producer& producer : producers) {
    wasm::put_name(out, producer.field);
    wasm::put_u32(out, 1);
    wasm::put_name(out, producer.name);
    wasm::put_name(out, producer.version);
  }
  return out;
}

}  // namespace

Result<Lowered> lower(ByteView file, const wasm::Binary& binary, std::string_view digest) {
  FERRY_TRY(const Component component, read_component(file));
  FERRY_TRY(Graph graph, Graph::link(component));
  dissolve_shims(graph);
  FERRY_TRY(const Entry entry, find_entry(graph));
  FERRY_TRY(Plan plan, make_plan(graph, entry));
  Lowered out;
  FERRY_TRY(out.wasm, merge(graph, entry, plan));
  out.description = describe(graph, entry, plan);
  out.description.digest = digest;
  out.description.size = file.size();
  if (!binary.producers.empty()) {
    put_custom(out.wasm, "producers", producers_section(binary.producers));
  }
  put_custom(out.wasm, kSectionName, write_section(out.description));
  return out;
}

}  // namespace ferry::component
