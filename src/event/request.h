// A plain HTTP request for a function that takes requests itself (wasi:http): nothing of it is
// refused for what only an event may not be.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/http.h"

namespace ferry::event {

// Whether the headers say that a message is a CloudEvent or a batch of them, in any mode and
// format.
bool is_cloudevent(std::span<const HeaderView> headers);

// The body stays as it came, whatever its Content-Type and Content-Encoding say. The event of such
// a request, for those who ask, is that of PlainRequest with the body as it is, and without a
// datacontenttype that this body is not of. Neither copied nor moved; one thread.
class RequestEvent final : public LazyEvent {
 public:
  // Takes the body, and borrows all else.
  RequestEvent(HttpRequest&& request, const Clock& clock, Random& random,
               std::span<const std::string_view> carried = default_carried_headers());

  // kInvalid where the request's target or host is none. To be asked before anything else.
  Status check() { return plain_.check(); }

  std::optional<std::string_view> data() const override;
  const Event& whole() override;
  std::optional<PlainHttp> http() const override;

 private:
  HttpRequest without_content();

  HttpRequest request_;
  std::vector<HeaderView> headers_;  // without those that describe the body
  PlainRequest plain_;               // the request without its body
  bool made_ = false;
};

}  // namespace ferry::event
