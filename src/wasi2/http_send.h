// Sending requests of either generation of WASI over an exchange. Private to src/wasi2.
#pragma once

#include <memory>
#include <optional>

#include "wasi2/state.h"

namespace ferry::wasi2 {

// `body` of State::bodies; kNone: the request has none. `index` of State::exchanges. The failure
// where there is nothing to begin, or the deadline came first.
std::optional<HttpFailure> send_request(S& s, const RequestParts& request, u32 body,
                                        const std::optional<RequestOptions>& options, u32& index);

// The fields of a response, without those of the connection.
std::shared_ptr<FieldList> received_headers(Exchange& exchange);
// The trailers of a response in chunks; null where there are none.
std::shared_ptr<FieldList> received_trailers(const Exchange& exchange);

}  // namespace ferry::wasi2
