// One connection: its socket, its reader, what is still to be written, and since when it waits.
// Belongs to the leading thread, but while a guest runs for it (busy) to that guest's thread.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "base/file.h"
#include "http/message.h"
#include "http/reader.h"

namespace ferry::http {

class Connection final : private ResponseStream {
 public:
  Connection(Fd fd, std::string peer, const ReaderLimits& limits, Monotonic now);

  enum class Io : unsigned char { kProgress, kWouldBlock, kClosed };
  // One read; kWouldBlock when nothing is there.
  Io read();
  // Writes what is pending; kProgress when all of it is out.
  Io flush();
  bool pending() const { return sent_ < out_.size() + out_body_.size(); }
  std::size_t sent() const { return sent_; }  // of what is pending
  // The peer without its port.
  std::string_view host() const { return std::string_view(peer).substr(0, peer.rfind(':')); }
  // Bytes: of a request that arrives, of answers that wait.
  std::size_t held_now() const { return reader.held() + out_.capacity() + out_body_.capacity(); }

  // Puts head and body after what is pending, or the rest of an answer that was begun in pieces.
  // Takes the body. `last`: say that it is.
  void answer(Response& response, bool last);
  void say_continue();

  // Fills request() from the reader, which is ready.
  void make_request(Monotonic now);
  const Request& request() const { return request_; }

  // After an answer that ends the connection: no more writes; what arrives is thrown away until
  // the peer closes too, or an answer it has not read would be lost (RFC 9112, 9.6).
  void start_lingering();
  Io discard();

  Fd fd;
  const std::string peer;
  Reader reader;
  Response response;     // reused from request to request
  Monotonic since;       // the present phase began
  Monotonic refused_at;  // a request of it was answered 503 last
  bool readable = true;  // bytes may be there (edge-triggered)
  bool hung_up = false;  // the peer has sent its last byte
  bool busy = false;     // a guest's thread owns it
  bool waiting = false;  // for a slot, or with its answer deferred
  bool closing = false;  // after what is pending
  bool lingering = false;
  bool continued = false;  // 100 Continue was sent for this request
  bool closed = false;     // to be deleted
  bool listed = false;     // in the loop's to-do list
  bool gone = false;       // the peer has hung up on a request that waits
  bool served = false;     // at least one request was answered
  // Of a guest that ran beside the leader's loop, for the leader:
  bool ran_long = false;
  Connection* next_returned = nullptr;
  int lane = -1;
  std::size_t held = 0;         // bytes, as last counted
  std::size_t sent_before = 0;  // sent(), when `since` was last set
  std::list<Connection*>::iterator place;

 private:
  bool begin(const Response& head) override;
  void add(std::string_view piece) override;
  void end_stream(Response& answer, bool last);

  Request request_;
  bool streams_ = false;  // an answer was begun in pieces
  std::string out_;       // heads and small bodies
  std::string out_body_;  // a large body, after out_
  std::size_t sent_ = 0;
};

}  // namespace ferry::http
