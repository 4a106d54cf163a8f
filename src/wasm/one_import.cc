#include "wasm/one_import.h"

#include <algorithm>
#include <vector>

#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

constexpr std::uint8_t kCall = 0x10;
constexpr std::uint8_t kDrop = 0x1A;
constexpr std::uint8_t kLocalGet = 0x20;
constexpr std::uint8_t kI32Const = 0x41;
constexpr std::uint8_t kI64Const = 0x42;
constexpr std::uint8_t kEnd = 0x0B;
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
    out.push_back(kLocalGet);
    put_u32(out, locals[index]);
  } else {
    put_bytes(out, {const_opcode, 0});
  }
}

void put_call(Bytes& out, std::uint32_t number, const Parameters& parameters, std::size_t first_i32,
              std::uint32_t import) {
  out.push_back(kI32Const);
  put_s64(out, static_cast<std::int32_t>(number));
  for (std::size_t i = 0; i < 4; ++i) put_argument(out, parameters.i32, first_i32 + i, kI32Const);
  for (std::size_t i = 0; i < 2; ++i) put_argument(out, parameters.i64, i, kI64Const);
  for (std::size_t i = 4; i < 6; ++i) put_argument(out, parameters.i32, first_i32 + i, kI32Const);
  out.push_back(kCall);
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
    out.push_back(kDrop);
  }
  put_call(out, number, *parameters, 0, import);
  if (type.results.empty()) {
    out.push_back(kDrop);
  } else if (type.results[0] == ValType::kI64) {
    constexpr std::uint8_t kExtend = 0xAD;  // i64.extend_i32_u
    out.push_back(kExtend);
    put_call(out, kHighHalf, {}, 0, import);
    put_bytes(out, {kExtend, kI64Const, 32, 0x86, 0x84});  // i64.const 32, i64.shl, i64.or
  } else if (type.results[0] != ValType::kI32) {
    return std::nullopt;
  }
  out.push_back(kEnd);
  return out;
}

}  // namespace ferry::wasm
