#include "function/toml_string.h"

#include "event/json_text.h"

namespace ferry::function {

std::string toml_string(std::string_view text) {
  std::string out;
  for (const char c : event::json_string(text)) {
    if (c == '\x7f') {
      out += "\\u007f";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace ferry::function
