#include "wasm/binary.h"

#include <algorithm>

#include <fmt/format.h>

#include "wasm/component.h"
#include "wasm/entry_export.h"
#include "wasm/not_wasm.h"
#include "wasm/sections.h"
#include "wasm/toolchain.h"

namespace ferry::wasm {
namespace {

bool has_type(const Binary& binary, std::string_view name, bool returns_i32) {
  const Export* found = binary.find_export(name, ExternKind::kFunc);
  const FuncType* type = found == nullptr ? nullptr : binary.function_type(found->index);
  if (type == nullptr || !type->params.empty()) {
    return false;
  }
  return returns_i32 ? type->results == std::vector{ValType::kI32} : type->results.empty();
}

bool exports_interface(const Binary& binary, std::string_view interface) {
  return std::any_of(binary.component_exports.begin(), binary.component_exports.end(),
                     [&](const std::string& name) {
                       return name == interface || (name.starts_with(interface) &&
                                                    name.substr(interface.size()).front() == '@');
                     });
}

Abi find_abi(const Binary& binary) {
  if (binary.component) {
    if (exports_interface(binary, "wasi:http/incoming-handler") ||
        exports_interface(binary, "wasi:http/handler")) {
      return Abi::kHttp;
    }
    return exports_interface(binary, "wasi:cli/run") ? Abi::kRun : Abi::kNone;
  }
  if (has_type(binary, kHttpExport, false)) {
    return Abi::kHttp;
  }
  if (has_type(binary, kRunExport, true)) {
    return Abi::kRun;
  }
  if (has_type(binary, "_start", false)) {
    return Abi::kCommand;
  }
  return has_type(binary, "handle", true) ? Abi::kReactor : Abi::kNone;
}

}  // namespace

std::string_view abi_name(Abi abi) {
  switch (abi) {
    case Abi::kCommand:
      return "command";
    case Abi::kReactor:
      return "reactor";
    case Abi::kHttp:
      return "http";
    case Abi::kRun:
      return "run";
    case Abi::kNone:
      break;
  }
  return "none";
}

const Export* Binary::find_export(std::string_view name, ExternKind kind) const {
  for (const Export& candidate : exports) {
    if (candidate.kind == kind && candidate.name == name) {
      return &candidate;
    }
  }
  return nullptr;
}

const FuncType* Binary::function_type(std::uint32_t index) const {
  for (const Import& import : imports) {
    if (import.kind != ExternKind::kFunc) {
      continue;
    }
    if (index == 0) {
      return &types[import.type];
    }
    --index;
  }
  return index < functions.size() ? &types[functions[index]] : nullptr;
}

std::uint32_t imported_functions(const Binary& binary) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      binary.imports, [](const Import& import) { return import.kind == ExternKind::kFunc; }));
}

Result<Binary> read_binary(ByteView wasm) {
  if (wasm.size() > kMaxWasmBytes) {
    return Error{Code::kLimit,
                 fmt::format("{} bytes of wasm, the limit is {}", wasm.size(), kMaxWasmBytes), ""};
  }
  static constexpr std::uint8_t kMagic[] = {0, 'a', 's', 'm'};
  if (wasm.size() < 8 || !std::equal(std::begin(kMagic), std::end(kMagic), wasm.begin())) {
    return explain_not_wasm(wasm);
  }
  Binary binary;
  const unsigned version = wasm[4] | wasm[5] << 8;
  const unsigned layer = wasm[6] | wasm[7] << 8;
  if (version == 1 && layer == 0) {
    FERRY_CHECK_OK(read_core_sections(wasm, binary));
  } else if (version == 0x0D && layer == 1) {
    binary.component = true;
    FERRY_CHECK_OK(read_component_sections(wasm, binary));
  } else {
    return Error{Code::kInvalid,
                 fmt::format("at offset 4: version {}, layer {} of the binary format is unknown",
                             version, layer),
                 "core modules have version 1, components version 13 in layer 1"};
  }
  binary.abi = find_abi(binary);
  binary.toolchain = guess_toolchain(binary);
  return binary;
}

}  // namespace ferry::wasm
