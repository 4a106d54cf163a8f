#include "component/builder.h"

#include "wasm/wat.h"
#include "wasm/writer.h"

namespace ferry::testing {
namespace {

void put_options(Bytes& out, const std::vector<Bytes>& options) {
  wasm::put_u32(out, static_cast<std::uint32_t>(options.size()));
  for (const Bytes& option : options) wasm::put_bytes(out, option);
}

void put_extern_name(Bytes& out, std::string_view name) {
  out.push_back(0x00);
  wasm::put_name(out, name);
}

}  // namespace

ComponentBuilder::ComponentBuilder() : out_{0, 'a', 's', 'm', 0x0D, 0, 1, 0} {}

void ComponentBuilder::section(std::uint8_t id, const Bytes& contents) {
  wasm::put_section(out_, id, contents);
}

void ComponentBuilder::entry(std::uint8_t id, const Bytes& one) {
  Bytes contents = {1};
  wasm::put_bytes(contents, one);
  section(id, contents);
}

Index ComponentBuilder::module(ByteView wasm) {
  wasm::put_section(out_, 1, wasm);
  return modules_++;
}

Index ComponentBuilder::nested(ByteView component) {
  wasm::put_section(out_, 4, component);
  return nested_++;
}

Index ComponentBuilder::instantiate(
    Index module, const std::vector<std::pair<std::string_view, Index>>& arguments) {
  Bytes one = {0x00};
  wasm::put_u32(one, module);
  wasm::put_u32(one, static_cast<std::uint32_t>(arguments.size()));
  for (const auto& [name, instance] : arguments) {
    wasm::put_name(one, name);
    one.push_back(0x12);
    wasm::put_u32(one, instance);
  }
  entry(2, one);
  return core_instances_++;
}

Index ComponentBuilder::bundle(const std::vector<CoreExport>& exports) {
  Bytes one = {0x01};
  wasm::put_u32(one, static_cast<std::uint32_t>(exports.size()));
  for (const CoreExport& each : exports) {
    wasm::put_name(one, each.name);
    one.push_back(each.sort);
    wasm::put_u32(one, each.index);
  }
  entry(2, one);
  return core_instances_++;
}

Index ComponentBuilder::core_func(Index instance, std::string_view name) {
  Bytes one = {0x00, 0x00, 0x01};
  wasm::put_u32(one, instance);
  wasm::put_name(one, name);
  entry(6, one);
  return core_funcs_++;
}

Index ComponentBuilder::core_memory(Index instance, std::string_view name) {
  Bytes one = {0x00, 0x02, 0x01};
  wasm::put_u32(one, instance);
  wasm::put_name(one, name);
  entry(6, one);
  return core_memories_++;
}

Index ComponentBuilder::import_instance(std::string_view name,
                                        const std::vector<std::string_view>& functions,
                                        const std::vector<std::string_view>& resources) {
  // (type (instance (type (func)) (export "f" (func 0))* (export "r" (type (sub resource)))*))
  Bytes type = {0x42};
  wasm::put_u32(type, static_cast<std::uint32_t>(1 + functions.size() + resources.size()));
  wasm::put_bytes(type, {0x01, 0x40, 0x00, 0x01, 0x00});
  for (const std::string_view function : functions) {
    type.push_back(0x04);
    put_extern_name(type, function);
    wasm::put_bytes(type, {0x01, 0x00});
  }
  for (const std::string_view resource : resources) {
    type.push_back(0x04);
    put_extern_name(type, resource);
    wasm::put_bytes(type, {0x03, 0x01});
  }
  entry(7, type);
  Bytes one;
  put_extern_name(one, name);
  one.push_back(0x05);
  wasm::put_u32(one, types_++);
  entry(10, one);
  return instances_++;
}

Index ComponentBuilder::import_func(std::string_view name) {
  const Index type = func_type();
  Bytes one;
  put_extern_name(one, name);
  one.push_back(0x01);
  wasm::put_u32(one, type);
  entry(10, one);
  return funcs_++;
}

Index ComponentBuilder::func(Index instance, std::string_view name) {
  Bytes one = {0x01, 0x00};
  wasm::put_u32(one, instance);
  wasm::put_name(one, name);
  entry(6, one);
  return funcs_++;
}

Index ComponentBuilder::resource(Index instance, std::string_view name) {
  Bytes one = {0x03, 0x00};
  wasm::put_u32(one, instance);
  wasm::put_name(one, name);
  entry(6, one);
  return types_++;
}

Index ComponentBuilder::canon(const Bytes& definition) {
  entry(8, definition);
  return core_funcs_++;
}

Index ComponentBuilder::lower(Index func, const std::vector<Bytes>& options) {
  Bytes one = {0x01, 0x00};
  wasm::put_u32(one, func);
  put_options(one, options);
  return canon(one);
}

Index ComponentBuilder::drop(Index type) {
  Bytes one = {0x03};
  wasm::put_u32(one, type);
  return canon(one);
}

Index ComponentBuilder::builtin(const Bytes& definition) { return canon(definition); }

Index ComponentBuilder::func_type() {
  entry(7, {0x40, 0x00, 0x01, 0x00});
  return types_++;
}

Index ComponentBuilder::resource_type() {
  entry(7, {0x3F, 0x7F, 0x00});
  return types_++;
}

Index ComponentBuilder::lift(Index core_func, Index type, const std::vector<Bytes>& options) {
  Bytes one = {0x00, 0x00};
  wasm::put_u32(one, core_func);
  put_options(one, options);
  wasm::put_u32(one, type);
  entry(8, one);
  return funcs_++;
}

Index ComponentBuilder::instance_of(std::string_view function, Index func) {
  Bytes one = {0x01, 0x01};
  put_extern_name(one, function);
  one.push_back(0x01);
  wasm::put_u32(one, func);
  entry(5, one);
  return instances_++;
}

Index ComponentBuilder::instance_of_component(Index component, std::string_view argument,
                                              Index func) {
  Bytes one = {0x00};
  wasm::put_u32(one, component);
  one.push_back(1);
  wasm::put_name(one, argument);
  one.push_back(0x01);
  wasm::put_u32(one, func);
  entry(5, one);
  return instances_++;
}

void ComponentBuilder::export_instance(std::string_view name, Index instance) {
  Bytes one;
  put_extern_name(one, name);
  one.push_back(0x05);
  wasm::put_u32(one, instance);
  one.push_back(0x00);
  entry(11, one);
  ++instances_;
}

void ComponentBuilder::export_func(std::string_view name, Index func) {
  Bytes one;
  put_extern_name(one, name);
  one.push_back(0x01);
  wasm::put_u32(one, func);
  one.push_back(0x00);
  entry(11, one);
  ++funcs_;
}

Simple simple_http(ByteView module) {
  Simple out;
  out.instance = out.builder.instantiate(out.builder.module(module));
  export_handle(out.builder, out.instance);
  return out;
}

void export_handle(ComponentBuilder& builder, Index core_instance, std::string_view interface) {
  const Index core = builder.core_func(core_instance, "handle");
  const Index lifted = builder.lift(core, builder.func_type());
  builder.export_instance(interface, builder.instance_of("handle", lifted));
}

Bytes handler_module() {
  return wat(R"((module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "handle") (param i32 i32))))");
}

}  // namespace ferry::testing
