// The line to the Runtime API: one TCP connection on the same machine, kept from call to call and
// made anew where the other side closed it. Owned and used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "http/client.h"

namespace ferry::platforms::lambda {

// A body that is sent in chunks (RFC 9112, 7.1).
struct Streamed {
  std::string_view body;
  // When sending has to be over: what is not sent by then is left out, and `trailers` say so.
  std::optional<Monotonic> deadline;
  std::string_view trailers;  // lines, each with its CR LF
};

class RuntimeLine {
 public:
  // `host` is numeric. `stop_fd`, when it is not -1, ends waiting calls by becoming readable.
  RuntimeLine(std::string host, unsigned short port, int stop_fd)
      : host_(std::move(host)), port_(port), stop_fd_(stop_fd) {}

  // Sends a request and reads its response. Nothing: stopped while waiting, at once if it
  // `may_stop`, else when no response came for two seconds after that. A kept connection that turns
  // out to be closed before a byte of the response came is replaced once.
  Result<std::optional<http::ClientResponse>> call(std::string_view head, std::string_view body,
                                                   bool may_stop);
  // The same with a body in chunks; never sent twice.
  Result<http::ClientResponse> stream(std::string_view head, const Streamed& streamed);

 private:
  Status connect();
  Status send(std::string_view bytes);
  Status send_chunks(const Streamed& streamed);
  Result<bool> answered_already() const;
  // Nothing: stopped. `gone`: closed before a byte of the response came.
  Result<std::optional<http::ClientResponse>> receive(bool may_stop, bool& gone);

  std::string host_;
  unsigned short port_;
  int stop_fd_;
  Fd socket_;
};

}  // namespace ferry::platforms::lambda
