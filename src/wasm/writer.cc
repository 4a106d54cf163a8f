#include "wasm/writer.h"

namespace ferry::wasm {

void put_u32(Bytes& out, std::uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80u));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

void put_s64(Bytes& out, std::int64_t value) {
  for (;;) {
    const auto byte = static_cast<std::uint8_t>(value & 0x7F);
    value >>= 7;
    if ((value == 0 && (byte & 0x40u) == 0) || (value == -1 && (byte & 0x40u) != 0)) {
      out.push_back(byte);
      return;
    }
    out.push_back(byte | 0x80u);
  }
}

void put_name(Bytes& out, std::string_view name) {
  put_u32(out, static_cast<std::uint32_t>(name.size()));
  put_bytes(out, as_bytes(name));
}

void put_section(Bytes& out, std::uint8_t id, ByteView contents) {
  out.push_back(id);
  put_u32(out, static_cast<std::uint32_t>(contents.size()));
  put_bytes(out, contents);
}

}  // namespace ferry::wasm
