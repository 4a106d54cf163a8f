// A fuzzer's bytes as a function's answer over HTTP: the first byte says the status, then a line
// with the content type, header lines, an empty line, the body.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "http/message.h"

namespace ferry::http {

inline void must(bool condition) {
  if (!condition) std::abort();
}

inline std::string_view cut(std::string_view& text) {
  const std::size_t at = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return line;
}

inline Response response_of(std::string_view text) {
  Response out;
  if (!text.empty()) {
    out.status = 200 + static_cast<unsigned char>(text.front()) % 400;
    text.remove_prefix(1);
  }
  out.content_type = cut(text);
  for (std::string_view line = cut(text); !line.empty(); line = cut(text)) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    out.fields.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  out.body = text;
  return out;
}

}  // namespace ferry::http
