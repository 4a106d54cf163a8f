// Any bytes as action.json: what was taken, and given its name and annotations, is taken again.
#include "platforms/openwhisk/deploy/api.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto action = ferry::deploy::make_action(text, {});
  if (action.ok() && !ferry::deploy::make_action(action->body, {}).ok()) {
    __builtin_trap();
  }
  return 0;
}
