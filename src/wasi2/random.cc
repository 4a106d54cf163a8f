// wasi:random. What is called insecure there is drawn from the same source.
#include <array>

#include "wasi2/calls.h"

namespace ferry::wasi2 {
namespace {

u64 draw(S& s) {
  std::array<std::uint8_t, 8> bytes{};
  s.p1.random->fill(bytes);
  s.p1.drawn.random = true;
  u64 out = 0;
  std::memcpy(&out, bytes.data(), bytes.size());
  return out;
}

}  // namespace

// They are drawn once the guest has handed over the memory for them, so that asking for gigabytes
// costs the host nothing.
void get_random_bytes(S& s, G g, u64 count, u32 ret) {
  if (!begin(s, g, ret, 8, 4)) return;
  if (count > UINT32_MAX) return trap(s, "more random bytes than 32 bits of memory hold");
  s.p1.drawn.random = true;
  s.results.random_bytes(0, static_cast<u32>(count));
}

u64 get_random_u64(S& s, G /*g*/) { return draw(s); }

// ferry:abi. What a snapshot draws anew at each event: some words.
u32 random_get(S& s, G g, u32 at, u32 size) {
  std::array<std::uint8_t, 256> bytes{};
  if (size > bytes.size()) {
    trap(s, "more than 256 bytes are drawn anew at once");
  } else if (!g.has(at, size)) {
    trap(s, "what is drawn anew lies outside of the memory");
  } else {
    s.p1.random->fill({bytes.data(), size});
    s.p1.drawn.random = true;
    g.put_bytes(at, bytes.data(), size);
  }
  return 0;
}

// Made to be asked for once: asked again, it is the same.
void insecure_seed(S& s, G g, u32 ret) {
  if (!begin(s, g, ret, 16, 8)) return;
  if (!s.seed) s.seed = {draw(s), draw(s)};
  s.results.put(0, s.seed->first);
  s.results.put(8, s.seed->second);
}

}  // namespace ferry::wasi2
