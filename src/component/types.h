// Type definitions of a component: walked to their ends, and put as short texts (component model,
// "Binary": "Type Definitions").
#pragma once

#include <string>
#include <vector>

#include "component/component.h"
#include "wasm/reader.h"

namespace ferry::component {

// One entry of a type section.
Type read_type(wasm::Reader& reader, const Component& scope);
// A valtype, as text: "u32", "stream<u8>", "wasi:http/types@0.3.0#error-code".
std::string read_val_type(wasm::Reader& reader, const Component& scope);
// resultlist: a type or none ("").
std::string read_results(wasm::Reader& reader, const Component& scope);
// The text of a type by index.
std::string type_text(const Component& scope, std::uint32_t index);

// One entry of a core type section: function and module types.
void skip_core_type(wasm::Reader& reader);

// externdesc. Its index is returned; `sort` says of what, `is_resource` whether it is a fresh
// resource type.
struct ExternDesc {
  Sort sort = Sort::kFunc;
  std::uint32_t index = 0;
  bool is_core_module = false;
  bool is_resource = false;
};
ExternDesc read_extern_desc(wasm::Reader& reader);

// alias: a sort and where it comes from.
struct Alias {
  Sort sort = Sort::kFunc;
  CoreSort core_sort = CoreSort::kFunc;  // with Sort::kCore
  enum class Target : std::uint8_t { kExport, kCoreExport, kOuter } target = Target::kExport;
  std::uint32_t instance = 0;  // or how many components out
  std::uint32_t index = 0;     // of kOuter
  std::string_view name;       // of the others
};
Alias read_alias(wasm::Reader& reader);

CoreSort read_core_sort(wasm::Reader& reader);
// sortidx.
Ref read_ref(wasm::Reader& reader);

}  // namespace ferry::component
