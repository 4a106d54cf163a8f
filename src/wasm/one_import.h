// Imports of many types made calls of one: for engines whose host functions have fixed types, each
// function that is imported becomes a small function of the module, which hands its arguments to
// one import that takes a number and up to eight values.
//
//   ferry:abi.call (number, a, b, c, d: i32, x, y: i64, e, f: i32) -> i32
//
// The i32 parameters of the function go to a…f in their order, its i64 parameters to x and y. Of
// more than six, those behind go ahead, six at a time, by calls with the number kMoreArguments. The
// result is the function's, or the low half of it; a call with kHighHalf then gives the other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "wasm/binary.h"

namespace ferry::wasm {

inline constexpr char kOneImportModule[] = "ferry:abi";
inline constexpr char kOneImportName[] = "call";
inline constexpr std::uint32_t kHighHalf = 0;
inline constexpr std::uint32_t kMoreArguments = 1;
inline constexpr std::size_t kOneImportI32 = 6;
inline constexpr std::size_t kOneImportI64 = 2;

// The number that the host knows a function by; none: the import stays as it is.
using ImportNumber = std::function<std::optional<std::uint32_t>(const Import&)>;

FuncType one_import_type();

// The body of the function in an import's place, without its size. `import`: the index of one that
// has the one type. Nothing where the type has parameters or results that do not fit.
std::optional<Bytes> one_import_body(const FuncType& type, std::uint32_t number,
                                     std::uint32_t import);

}  // namespace ferry::wasm
