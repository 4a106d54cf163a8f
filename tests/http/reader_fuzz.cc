// The first byte says in what pieces the rest arrives. However it arrives, the same requests and
// the same refusal must come out; heads and bodies stay within their bounds.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "http/reader.h"

namespace {

using ferry::http::Reader;

constexpr ferry::http::ReaderLimits kLimits{.head = 1024, .body = 2048};

void append(std::string& out, std::string_view text) {
  out += text;
  out += '\n';
}

std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  Reader reader(kLimits);
  std::string seen;
  for (;;) {
    switch (reader.advance()) {
      case Reader::State::kReady:
        append(seen, reader.head().method);
        append(seen, reader.head().target);
        for (const auto& field : reader.head().fields) {
          append(seen, field.name);
          append(seen, field.value);
        }
        append(seen, reader.body());
        if (reader.body().size() > kLimits.body) {
          std::abort();
        }
        reader.next();
        continue;
      case Reader::State::kRefused:
        append(seen, std::to_string(reader.refusal().status));
        return seen;
      default:
        break;
    }
    if (bytes.empty()) {
      return seen;
    }
    auto room = reader.room();
    std::size_t size = std::min({piece, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), size);
    reader.filled(size);
    bytes.remove_prefix(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string whole = read_in_pieces(bytes, bytes.size() + 1);
  if (whole != read_in_pieces(bytes, data[0] % 32u + 1)) {
    std::abort();
  }
  return 0;
}
