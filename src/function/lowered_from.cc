#include "function/lowered_from.h"

#include "component/section.h"

namespace ferry::function {

std::optional<LoweredFrom> lowered_from(const Function& function) {
  const auto found = component::find_section(function.wasm, function.binary);
  if (!found.ok() || !found->has_value()) return std::nullopt;
  const component::Description& was = **found;
  return LoweredFrom{was.interface, std::string(component::generation_name(was.generation)),
                     was.core_modules, was.size};
}

}  // namespace ferry::function
