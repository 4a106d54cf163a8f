#include "wasm/one_import.h"

#include <algorithm>
#include <vector>

#include "wasm/instruction.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

// More than the canonical ABI gives a function.
constexpr std::size_t kMostI32 = 4 * kOneImportI32;

// The parameters of each type, by their local's index.
struct Parameters {
  std::vector<std::uint32_t> i32;
  std::vector<std::uint32_t> i64;
};

std::optional<Parameters> parameters_of(const FuncType& type) {
  Parameters out;
  for (std::uint32_t i = 0; i < type.params.size(); ++i) {
    if (type.params[i] == ValType::kI32) {
      out.i32.push_back(i);
    } else if (type.params[i] == ValType::kI64) {
      out.i64.push_back(i);
    } else {
      return std::nullopt;
    }
  }
  const bool fits = out.i32.size() <= kMostI32 && out.i64.size() <= kOneImportI64;
  return fits ? std::optional(std::move(out)) : std::nullopt;
}

// A local, or 0 behind the last.
void put_argument(Bytes& out, const std::vector<std::uint32_t>& locals, std::size_t index,
                  std::uint8_t const_opcode) {
  if (index < locals.size()) {
    out.push_back(op::kLocalGet);
    put_u32(out, locals[index]);
  } else {
    put_bytes(out, {const_opcode, 0});
  }
}

void put_call(Bytes& out, std::uint32_t number, const Parameters& parameters, std::size_t first_i32,
              std::uint32_t import) {
  out.push_back(op::kI32Const);
  put_s64(out, static_cast<std::int32_t>(number));
  for (std::size_t i = 0; i < 4; ++i)
    put_argument(out, parameters.i32, first_i32 + i, op::kI32Const);
  for (std::size_t i = 0; i < 2; ++i) put_argument(out, parameters.i64, i, op::kI64Const);
  for (std::size_t i = 4; i < 6; ++i)
    put_argument(out, parameters.i32, first_i32 + i, op::kI32Const);
  out.push_back(op::kCall);
  put_u32(out, import);
}

}  // namespace

FuncType one_import_type() {
  constexpr ValType i = ValType::kI32;
  constexpr ValType I = ValType::kI64;
  return {{i, i, i, i, i, I, I, i, i}, {i}};
}

std::optional<Bytes> one_import_body(const FuncType& type, std::uint32_t number,
                                     std::uint32_t import) {
  const auto parameters = parameters_of(type);
  if (!parameters || type.results.size() > 1) return std::nullopt;
  Bytes out = {0};  // no locals
  for (std::size_t i = kOneImportI32; i < parameters->i32.size(); i += kOneImportI32) {
    put_call(out, kMoreArguments, *parameters, i, import);
    out.push_back(op::kDrop);
  }
  put_call(out, number, *parameters, 0, import);
  if (type.results.empty()) {
    out.push_back(op::kDrop);
  } else if (type.results[0] == ValType::kI64) {
    out.push_back(op::kI64ExtendI32U);
    put_call(out, kHighHalf, {}, 0, import);
    put_bytes(
        out, {op::kI64ExtendI32U, op::kI64Const, 32, 0x86, 0x84});  // i64.const 32, i64.shl, i64.or
  } else if (type.results[0] != ValType::kI32) {
    return std::nullopt;
  }
  out.push_back(op::kEnd);
  return out;
}

}  // namespace ferry::wasm
