// What goes with a handle: what stands behind a stream or a descriptor goes with the last that uses
// it. Private to src/wasi2.
#pragma once

#include "wasi2/state.h"

namespace ferry::wasi2 {

void let_go(S& s, const Descriptor& descriptor);
void let_go(S& s, const DirectoryStream& stream);
void let_go(S& s, const InputStream& stream);
void let_go(S& s, const OutputStream& stream);
void let_go(S& s, const FutureResponse& future);
void let_go(S& s, const IncomingResponse& response);
void let_go(S& s, const IncomingBody& body);
void let_go(S& s, const TcpSocket& socket);
void let_go(S& s, const FutureTrailers& future);
void let_go(S& s, const OutgoingBody& body);
void let_go(S& s, const Request& request);
void let_go(S& s, const Response& response);
// All others: nothing.
template <typename R>
void let_go(S& /*s*/, const R& /*resource*/) {}

}  // namespace ferry::wasi2
