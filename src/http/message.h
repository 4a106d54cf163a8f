// What the HTTP front hands to a Service and gets back. A Request only borrows: everything in it
// lives in the connection and is valid until Service::handle() returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace ferry::http {

struct Field {
  std::string_view name;   // a token, in the sender's case
  std::string_view value;  // without the white space around it
};

// ASCII case left out, as field names and most tokens want it.
bool equals_nocase(std::string_view a, std::string_view b);

struct Response;

// Takes an answer while it is being made: within Service::handle(), on the thread that calls it.
class ResponseStream {
 public:
  // Sends the head, without a body. False where the rest could not follow in pieces (HTTP/1.0,
  // HEAD, a status that has no body): then the answer is sent as a whole.
  virtual bool begin(const Response& head) = 0;
  // After it, until handle() returns. Never waits for the peer: what it does not take yet is held.
  virtual void add(std::string_view piece) = 0;

 protected:
  ~ResponseStream() = default;
};

struct Request {
  std::string_view method;
  std::string_view target;  // as sent: origin-form, absolute-form, or "*"
  int minor_version = 1;    // HTTP/1.x
  std::span<const Field> fields;
  std::string_view body;  // decoded, when it came in chunks
  // The lines behind the last chunk, each "name: value\r\n", checked; mostly none.
  std::string_view trailers;
  std::string_view peer;             // "127.0.0.1:4711", "uid 1000:4711" (user, process), or empty
  Monotonic arrival;                 // when its last byte was read
  int socket = -1;                   // of the connection, borrowed; -1: not known
  ResponseStream* stream = nullptr;  // null: answers are sent whole

  // Whether who sent it has closed the connection, and so waits for no answer. A system call: to
  // be asked between steps of long work.
  bool abandoned() const;

  // The first field of that name, in any case; empty if there is none.
  std::string_view field(std::string_view name) const;
  // The target's path and query, without scheme and authority. "/" when there is none.
  std::string_view path() const;
  std::string_view query() const;
};

struct Response {
  int status = 200;
  std::string content_type;  // empty: none is sent
  // Further fields. Framing and hop-by-hop fields are the front's own and refused here.
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  // Fields behind the body, sent to a client that says it takes them (TE: trailers).
  std::vector<std::pair<std::string, std::string>> trailers;
  bool close = false;  // end the connection after this one
  // Of one that was begun in pieces, whose last is `body`: there will be no end. The connection is
  // closed without one, which tells the peer (RFC 9112, 8).
  bool broken = false;

  void clear();  // keeps the capacity of what it holds
};

// What handles the front's requests: one a server, with the server's owner.
class Service {
 public:
  virtual ~Service() = default;

  // Which lane's slots the request needs (see ServerOptions::lanes), or kNoLane when answering
  // takes no guest. Called by the leading thread alone; must be quick.
  static constexpr int kNoLane = -1;
  virtual int lane(const Request& request) = 0;

  // Answers. Called by many threads at once, except for kNoLane requests; may take long.
  virtual void handle(const Request& request, Response& response) = 0;

  // Fills the answer of a request that found its lane and the queue full. Quick.
  virtual void overloaded(const Request& request, Response& response);

  // The leading thread has done what there was to do and is about to wait; or has not waited for
  // some milliseconds, so that what is put off until then is not put off for ever. Quick.
  virtual void before_wait() {}
  // Called each kTidy while there are requests, and twice after the last one. Quick.
  static constexpr std::chrono::seconds kTidy{10};
  virtual void tidy() {}

  // Fills the body of an answer that the front gives by itself: a malformed request, a body past
  // its bound. `status` and `reason` are fixed. Quick.
  virtual void refused(int status, std::string_view reason, Response& response);
};

// "Not Found"; "Unknown" for a status nobody registered.
std::string_view reason_phrase(int status);

}  // namespace ferry::http
