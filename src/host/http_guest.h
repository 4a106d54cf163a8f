// Events for guests that handle HTTP requests (wasi:http/incoming-handler), and replies from their
// responses. The same rules on every platform; docs/components.md says them to users.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "event/http.h"
#include "function/manifest.h"
#include "host/outcome.h"
#include "wasi2/session.h"

namespace ferry::host {

// The request that an event is, with the storage for what had to be made for it. Neither copied nor
// moved: the request borrows from the rest.
class GuestRequest {
 public:
  GuestRequest() = default;
  GuestRequest(const GuestRequest&) = delete;
  GuestRequest& operator=(const GuestRequest&) = delete;

  // A plain HTTP request as it came; one of which only the event is left, made again of its
  // attributes; any other event as a CloudEvent in binary mode (CloudEvents HTTP
  // binding 1.0.2, 3.1), POST / of its data. Borrows from the event. Fails for an event that binary
  // mode cannot express.
  ferry::Status make(event::LazyEvent& event);

  const wasi2::HttpRequest& get() const { return request_; }

 private:
  bool make_again(const event::Event& event);
  ferry::Status make_cloudevent(const event::Event& event);
  void borrow_headers();

  wasi2::HttpRequest request_;
  event::HeaderList made_;
  std::vector<event::HeaderView> headers_;
  std::string method_, path_, authority_;
};

// What the guest answered, into an empty `reply`. kInvalid where it answered nothing that can be
// passed on; the message says what it did.
ferry::Status read_response(wasi2::Session& session, function::ReplyForm form, Reply& reply);

}  // namespace ferry::host
