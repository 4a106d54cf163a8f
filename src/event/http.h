// The HTTP protocol binding (CloudEvents HTTP binding 1.0.2) in all three modes, both directions,
// and the event that a plain HTTP request becomes. Knows no HTTP library: headers are pairs.
//
// Errors: kInvalid for what breaks a rule (it names the attribute and the section; an answer of
// 400), kUnsupported for an event format we don't speak, such as Avro (415). Pure functions but
// for the clock and the randomness handed in.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "event/event.h"

namespace ferry::event {

// Name (any case) and value; borrowed. A header sent twice stands here twice.
using HeaderView = std::pair<std::string_view, std::string_view>;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

enum class Mode : unsigned char { kPlain, kBinary, kStructured, kBatch };

struct HttpRequest {
  std::string_view scheme = "http";  // as the server knows it, never from a header
  std::string_view method;
  std::string_view target;  // as on the request line: /path?query, or the absolute form
  // Where the function begins in the path, as in /orders of /orders/5: the event's subject is what
  // is below it, and httpmount names it. Empty, or a path that does not begin so: the root.
  std::string_view mount = {};
  std::span<const HeaderView> headers;
  std::string body;                       // moved into the event
  std::optional<Monotonic> arrival = {};  // none: now
  // What cloudevents_of() has read of them already: the one Content-Type, if there is any.
  std::optional<std::optional<std::string_view>> content_type = {};
};

struct Received {
  Mode mode = Mode::kPlain;
  Event event;               // all modes but kBatch
  std::vector<Event> batch;  // kBatch only; may be empty
};

// The headers that a plain request's event carries by default: as extension attributes
// named "http" and the header's letters and digits in lower case (accept-language:
// httpacceptlanguage). None that holds a secret (authorization, cookie): events are logged, stored
// and passed on.
std::span<const std::string_view> default_carried_headers();

// The event or events in a request. A message is a CloudEvent in binary mode once it has any of
// ce-id, ce-source, ce-type, ce-specversion; then all rules hold. A request that is not a
// CloudEvent becomes one:
//   type http.request; source scheme://host/path; subject the path below the mount; id the
//   x-request-id header or a new UUIDv7; time the arrival; datacontenttype the content-type; data
//   the body; httpmethod, httpquery and httpmount (when there is one), `carried` headers as above,
//   traceparent, tracestate and baggage under their own names. A content-type that is not a media
//   type of RFC 2046 is in httpcontenttype; datacontenttype is what it is with its parameters
//   quoted, if that is one.
// An empty body is no data, in binary mode and in a plain request. A body whose content type says
// JSON must be JSON; one without a content type that is JSON gets datacontenttype
// application/json. traceparent and tracestate headers are added to a single event that has none.
Result<Received> from_http(HttpRequest request, const Clock& clock, Random& random,
                           std::span<const std::string_view> carried = default_carried_headers());

// The same for a request that is a CloudEvent. Nothing when it is none, and its body stays.
Result<std::optional<Received>> cloudevents_of(HttpRequest& request);

// The event of a request that is not a CloudEvent, as from_http() makes it. Most functions never
// ask for its attributes.
class PlainRequest final : public LazyEvent {
 public:
  // Takes the body, and borrows all else.
  PlainRequest(HttpRequest&& request, const Clock& clock, Random& random,
               std::span<const std::string_view> carried = default_carried_headers());
  PlainRequest(const PlainRequest&) = delete;  // views into itself
  PlainRequest& operator=(const PlainRequest&) = delete;

  // Whether it becomes a valid event. To be asked before anything else.
  Status check();

  std::optional<std::string_view> data() const override { return event_.data; }
  Event& whole() override;
  bool is_made() const override {
    return made_ || carried_.data() != default_carried_headers().data();
  }
  std::optional<PlainHttp> http() const override;

 private:
  Status check_source() const;
  void read_content_type(std::string_view header);
  void make();

  HttpRequest request_;
  Random& random_;
  const Clock& clock_;
  std::span<const std::string_view> carried_;
  // What check() found in the request.
  std::string_view content_type_, authority_, path_, query_;
  std::string_view odd_type_;  // a Content-Type that is not a media type as it is
  std::string quoted_type_;    // the same with quotes, where then it is one
  Event event_;                // its data from the start; the rest once it is made
  bool made_ = false;
};

// The same as cloudevents_of() for any message, a response too.
Result<std::optional<Received>> from_http_message(std::span<const HeaderView> headers,
                                                  std::string body);

// Whether a content type says that the body is a CloudEvent or a batch, in whatever format.
bool is_cloudevents_type(std::string_view content_type);

struct HttpMessage {
  HeaderList headers;  // lower-case names; content-type among them when there is one
  std::string body;
};

// `mode` is kBinary or kStructured. Fails when the event is not valid, or is to be binary while
// its data are CloudEvents themselves: a receiver would take them for the message.
Result<HttpMessage> to_http(Event event, Mode mode);
Result<HttpMessage> to_http_batch(std::span<const Event> events);

// Header values (HTTP binding, 3.1.3.2).
std::string encode_header_value(std::string_view text);
Result<std::string> decode_header_value(std::string_view value);

}  // namespace ferry::event
