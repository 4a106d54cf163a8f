// The Lambda Runtime API, version 2018-06-01, as a client: plain HTTP on the same machine, over one
// connection that is kept. Owned and used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "platforms/lambda/runtime_line.h"

namespace ferry::platforms::lambda {

// An answer that is sent in chunks ("Response streaming", custom runtimes).
struct StreamedAnswer {
  std::string_view content_type;
  std::string_view body;
  std::optional<Monotonic> deadline;  // what is not sent by then: a Function.Timeout, in trailers
};

class RuntimeApi {
 public:
  // `address` is HOST:PORT, the host an IPv4 or [IPv6] address or localhost. `stop_fd`, when it
  // is not -1, ends a waiting next() by becoming readable.
  static Result<RuntimeApi> at(const std::string& address, int stop_fd);

  // What GET /runtime/invocation/next answered; nothing when stopped. An error: the API is
  // gone or answers what it must not, and the runtime has to end.
  Result<std::optional<http::ClientResponse>> next();

  // The status that the API answered, 202 when it took it.
  Result<int> respond(std::string_view request_id, std::string_view body);
  Result<int> stream(std::string_view request_id, const StreamedAnswer& answer);
  Result<int> fail(std::string_view request_id, std::string_view type, std::string_view body);
  Result<int> fail_init(std::string_view type, std::string_view body);

 private:
  RuntimeApi(std::string address, RuntimeLine line)
      : address_(std::move(address)), line_(std::move(line)) {}

  std::string head(std::string_view method, std::string_view path, std::string_view fields) const;
  Result<int> post(std::string_view path, std::string_view fields, std::string_view body);

  std::string address_;  // as given, for Host
  RuntimeLine line_;
};

}  // namespace ferry::platforms::lambda
