// Requests and responses of wasi:http 0.3, whose bodies and trailers are streams and futures
// (channel.h). Private to src/wasi2.
#pragma once

#include <optional>

#include "wasi2/state.h"

namespace ferry::wasi2 {

// One part of a body has ended, its contents or its trailers; with the last it is finished.
void end_part(S& s, u32 body, std::optional<HttpFailure> failure = {});
// result<option<trailers>, error-code> that a guest wrote, as it lies in its memory.
void take_trailers(S& s, G g, u32 at, u32 body);

// The response of an exchange that has one, or why it has none: result<response, error-code> at
// `ret`. `can_allocate` as in channel.h.
void put_response(S& s, G g, u32 exchange, u32 ret, bool can_allocate);
// The request was cancelled.
void end_request(S& s, u32 exchange);

// A message that the guest let go of: nobody reads its body, and it is not sent.
void drop_message(S& s, const Message& message);

}  // namespace ferry::wasi2
