#include "wasi2/let_go.h"

#include "wasi/socket_io.h"
#include "wasi2/exchange.h"
#include "wasi2/files.h"
#include "wasi2/http_message.h"
#include "wasi2/tcp.h"

namespace ferry::wasi2 {

void let_go(S& s, const Descriptor& descriptor) { release_file(s, descriptor.file); }
void let_go(S& s, const DirectoryStream& stream) { release_file(s, stream.file); }
void let_go(S& s, const InputStream& stream) {
  if (stream.from == InputStream::From::kFile) release_file(s, stream.file);
}
void let_go(S& s, const OutputStream& stream) {
  if (stream.to == OutputStream::To::kFile) release_file(s, stream.file);
}
// An exchange ends with the last handle that could have had something of it.
void let_go(S& s, const FutureResponse& future) {
  if (!future.taken) abandon(*s.exchanges[future.exchange]);
}
void let_go(S& s, const IncomingResponse& response) {
  if (!response.consumed) abandon(*s.exchanges[response.exchange]);
}
void let_go(S& s, const IncomingBody& body) {
  if (body.exchange != kNone) abandon(*s.exchanges[body.exchange]);
}
void let_go(S& s, const TcpSocket& socket) {
  wasi::end_socket(s.p1, s.tcps[socket.tcp]->fd);
  s.tcps[socket.tcp]->stage = Tcp::Stage::kClosed;
}
void let_go(S& s, const FutureTrailers& future) {
  if (future.exchange != kNone) abandon(*s.exchanges[future.exchange]);
}
// A request's body that was never finished: what was sent of it is no request.
void let_go(S& s, const OutgoingBody& body) {
  Body& dropped = s.bodies[body.body];
  dropped.abandoned = true;
  if (dropped.exchange == kNone) return;
  abandon(*s.exchanges[dropped.exchange],
          HttpFailure{HttpError::kInternalError, {}, "the request's body was never finished"});
}
void let_go(S& s, const Request& request) { drop_message(s, request); }
void let_go(S& s, const Response& response) { drop_message(s, response); }

}  // namespace ferry::wasi2
