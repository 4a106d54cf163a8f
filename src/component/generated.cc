#include "component/generated.h"

#include <fmt/format.h>

#include "wasm/entry_export.h"
#include "wasm/instruction.h"
#include "wasm/writer.h"

namespace ferry::component {
namespace {

using wasm::FuncType;
using wasm::ValType;
namespace op = wasm::op;

constexpr std::uint8_t kI32 = 0x7F;
constexpr std::uint8_t kI64 = 0x7E;
constexpr std::uint8_t kNoType = 0x40;

// A body in the making.
class Body {
 public:
  // Locals behind the parameters: groups of one each.
  explicit Body(const std::vector<std::uint8_t>& locals) {
    wasm::put_u32(bytes_, static_cast<std::uint32_t>(locals.size()));
    for (const std::uint8_t type : locals) wasm::put_bytes(bytes_, {1, type});
  }
  Body& put(std::initializer_list<std::uint8_t> bytes) {
    wasm::put_bytes(bytes_, bytes);
    return *this;
  }
  Body& index(std::uint8_t opcode, std::uint32_t index) {
    bytes_.push_back(opcode);
    wasm::put_u32(bytes_, index);
    return *this;
  }
  Body& call(std::uint32_t function) { return index(op::kCall, function); }
  Body& get(std::uint32_t local) { return index(op::kLocalGet, local); }
  Body& set(std::uint32_t local) { return index(op::kLocalSet, local); }
  Bytes end() {
    bytes_.push_back(op::kEnd);
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
};

// Gives the host a block for each size that it asks for, until it asks for none.
void allocate(const Plan& plan, std::uint32_t realloc, std::uint32_t block, Body& body) {
  body.put({op::kBlock, kNoType, op::kLoop, kNoType});
  body.call(*plan.abi.alloc_next).index(op::kLocalTee, block).put({op::kI64Eqz, op::kBrIf, 1});
  body.put({op::kI32Const, 0, op::kI32Const, 0});
  body.get(block).put({op::kI64Const, 32, op::kI64ShrU, op::kI32WrapI64});  // the alignment
  body.get(block).put({op::kI32WrapI64});                                   // the size
  body.call(realloc).call(*plan.abi.alloc_give).put({op::kBr, 0, op::kEnd, op::kEnd});
}

// Of the import's own type: says how strings are encoded, calls it, allocates its results.
Result<Bytes> wrapper_body(const Plan& plan, const HostFunc& host, std::uint32_t import) {
  const FuncType& type = plan.types[host.type];
  const auto params = static_cast<std::uint32_t>(type.params.size());
  const std::uint32_t block = params;
  std::vector<std::uint8_t> locals = {kI64};
  for (const ValType result : type.results) locals.push_back(static_cast<std::uint8_t>(result));
  const bool encodes = host.encoding != Encoding::kUtf8;
  Body body(locals);
  if (encodes) {
    body.put({op::kI32Const, static_cast<std::uint8_t>(host.encoding)}).call(*plan.abi.strings);
  }
  for (std::uint32_t i = 0; i < params; ++i) body.get(i);
  body.call(import);
  for (auto i = static_cast<std::uint32_t>(type.results.size()); i > 0; --i) body.set(block + i);
  if (host.realloc) {
    FERRY_TRY(const std::uint32_t realloc, plan.function(*host.realloc));
    allocate(plan, realloc, block, body);
  }
  if (encodes) body.put({op::kI32Const, 0}).call(*plan.abi.strings);
  for (std::uint32_t i = 1; i <= type.results.size(); ++i) body.get(block + i);
  return body.end();
}

// memory.grow as the component knows it: what lies in the room is there already.
Bytes grow_body(const Room& room) {
  constexpr std::uint32_t kDelta = 0;
  constexpr std::uint32_t kOld = 1;
  constexpr std::uint32_t kWanted = 2;
  constexpr std::uint8_t kMinusOne = 0x7F;
  Body body({kI32, kI32});
  body.index(op::kGlobalGet, room.global).index(op::kLocalTee, kOld);
  body.get(kDelta).put({op::kI32Add}).index(op::kLocalTee, kWanted);
  body.get(kOld).put({op::kI32LtU, op::kIf, kNoType});  // more than 2^32
  body.put({op::kI32Const, kMinusOne, op::kReturn, op::kEnd});
  body.get(kWanted).put({op::kMemorySize, 0, op::kI32GtU, op::kIf, kNoType});
  body.get(kWanted).put({op::kMemorySize, 0, op::kI32Sub, op::kMemoryGrow, 0});
  body.put({op::kI32Const, kMinusOne, op::kI32Eq, op::kIf, kNoType});
  body.put({op::kI32Const, kMinusOne, op::kReturn, op::kEnd, op::kEnd});
  body.get(kWanted).index(op::kGlobalSet, room.global);
  return body.get(kOld).end();
}

void clear_context(const Plan& plan, Body& body) {
  for (const std::uint32_t global : plan.context) {
    body.put({op::kI32Const, 0}).index(op::kGlobalSet, global);
  }
}

// The task's code answers what to wait for (component model, "Canonical ABI": async lifts with a
// callback); 0: it has ended.
void event_loop(const Plan& plan, std::uint32_t callback, Body& body) {
  constexpr std::uint32_t kCode = 0;
  body.set(kCode);
  body.put({op::kBlock, kNoType, op::kLoop, kNoType});
  body.get(kCode).put({op::kI32Eqz, op::kBrIf, 1});
  body.get(kCode).call(*plan.abi.next_event);
  body.call(*plan.abi.event_first).call(*plan.abi.event_second);
  body.call(callback).set(kCode).put({op::kBr, 0, op::kEnd, op::kEnd});
}

Result<Bytes> entry_body(const Plan& plan, const Entry& entry) {
  FERRY_TRY(const std::uint32_t core, plan.function(entry.core));
  const bool has_result = !entry.is_http || entry.callback.has_value();
  Body body(has_result ? std::vector<std::uint8_t>{kI32} : std::vector<std::uint8_t>{});
  clear_context(plan, body);
  if (plan.abi.incoming_request) body.call(*plan.abi.incoming_request);
  if (plan.abi.response_outparam) body.call(*plan.abi.response_outparam);
  body.call(core);
  if (entry.callback) {
    FERRY_TRY(const std::uint32_t callback, plan.function(*entry.callback));
    event_loop(plan, callback, body);
    if (plan.abi.run_result) body.call(*plan.abi.run_result);
    return body.end();
  }
  if (has_result) body.set(0);
  if (entry.post_return) {
    FERRY_TRY(const std::uint32_t post, plan.function(*entry.post_return));
    if (has_result) body.get(0);
    body.call(post);
  }
  if (has_result) body.get(0);
  return body.end();
}

}  // namespace

Result<GeneratedFunctions> generate(Plan& plan, const Entry& entry) {
  GeneratedFunctions out;
  for (std::uint32_t i = 0; i < plan.host.size(); ++i) {
    const HostFunc& host = plan.host[i];
    if (!host.is_wrapped()) continue;
    FERRY_TRY(Bytes body, wrapper_body(plan, host, i));
    out.list.push_back({host.type, std::move(body), fmt::format("{}#{}", host.module, host.field)});
  }
  for (const Accessors::Accessor& accessor : plan.accessors.list) {
    Body body({});
    if (accessor.writes) {
      body.get(0).index(op::kGlobalSet, accessor.global);
    } else {
      body.index(op::kGlobalGet, accessor.global);
    }
    const FuncType type =
        accessor.writes ? FuncType{{ValType::kI32}, {}} : FuncType{{}, {ValType::kI32}};
    out.list.push_back(
        {plan.type(type), body.end(), accessor.writes ? "context.set" : "context.get"});
  }
  if (plan.room) {
    const FuncType type{{ValType::kI32}, {ValType::kI32}};
    out.list.push_back({plan.type(type), grow_body(*plan.room), "memory.grow"});
  }
  FERRY_TRY(Bytes body, entry_body(plan, entry));
  const FuncType type = entry.is_http ? FuncType{} : FuncType{{}, {ValType::kI32}};
  out.entry = plan.generated + static_cast<std::uint32_t>(out.list.size());
  out.list.push_back(
      {plan.type(type), std::move(body), entry.is_http ? wasm::kHttpExport : wasm::kRunExport});
  if (plan.starts.size() == 1) {
    out.start = plan.starts.front();
  } else if (!plan.starts.empty()) {
    out.start = plan.generated + static_cast<std::uint32_t>(out.list.size());
    Body all({});
    for (const std::uint32_t start : plan.starts) all.call(start);
    out.list.push_back({plan.type({}), all.end(), "ferry:start"});
  }
  return out;
}

}  // namespace ferry::component
