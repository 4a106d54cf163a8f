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

std::string toml_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    out += (out.size() > 1 ? ", " : "") + toml_string(item);
  }
  return out + "]";
}

}  // namespace ferry::function
