// Any bytes as what an invoker sends: read or refused, and what is taken for a web action's
// request has no byte that could end a line.
#include <cstdint>
#include <cstdlib>

#include "platforms/openwhisk/code.h"
#include "platforms/openwhisk/message.h"
#include "platforms/openwhisk/web.h"

using namespace ferry::platforms::openwhisk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto body = read_members(text);
  if (!body.ok()) {
    return 0;
  }
  if (const std::string_view* value = find(*body, "value")) {
    if (auto init = read_init(*value); init.ok()) {
      static_cast<void>(read_code(init->code, init->main).ok());
    }
    auto activation = read_activation(*value, *body);
    if (!activation.ok()) {
      return 0;
    }
    auto web = read_web(activation->value);
    if (web.ok() && *web) {
      for (const std::string& line : {(*web)->method, (*web)->target}) {
        for (char c : line) {
          if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
            std::abort();
          }
        }
      }
    }
  }
  return 0;
}
