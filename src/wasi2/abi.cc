// What a lowered component's own wrappers call: ferry:abi (docs/formats/lowered-component.md).
#include "wasi2/calls.h"

namespace ferry::wasi2 {

u64 alloc_next(S& s, G /*g*/) { return s.results.next(); }

void alloc_give(S& s, G g, u32 at) {
  if (!s.results.pending()) {
    trap(s, "memory was handed over that no result waits for");
    return;
  }
  if (const char* why = s.results.give(at, g)) trap(s, why);
}

void set_strings(S& s, G /*g*/, u32 encoding) {
  if (check_case(s, encoding, 3)) s.encoding = static_cast<Encoding>(encoding);
}

u32 incoming_request(S& s, G /*g*/) {
  if (s.request == nullptr) {
    trap(s, "there is no HTTP request to handle");
    return 0;
  }
  return make(s, IncomingRequest{});
}

u32 response_outparam(S& s, G /*g*/) { return make(s, ResponseOutparam{}); }

}  // namespace ferry::wasi2
