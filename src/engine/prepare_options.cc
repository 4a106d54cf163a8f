#include "engine/prepare_options.h"

#include "wasi2/functions.h"

namespace ferry::engine {

wasm::PrepareOptions prepare_options(const Info& engine) {
  wasm::PrepareOptions how;
  how.poll = !engine.capabilities.deadline;
  if (!engine.capabilities.any_imports) {
    how.one_import = [](const wasm::Import& import) {
      return wasi2::function_number(import.module, import.name);
    };
  }
  return how;
}

}  // namespace ferry::engine
