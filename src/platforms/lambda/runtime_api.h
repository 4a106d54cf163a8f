// The Lambda Runtime API, version 2018-06-01, as a client: plain HTTP on the same machine, one
// connection a call. Thread-safe: calls share nothing but the address.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/client.h"

namespace ferry::platforms::lambda {

class RuntimeApi {
 public:
  // `address` is HOST:PORT, the host an IPv4 or [IPv6] address or localhost. `stop_fd`, when it
  // is not -1, ends a waiting next() by becoming readable.
  static Result<RuntimeApi> at(const std::string& address, int stop_fd);

  // What GET /runtime/invocation/next answered; nothing when told to stop. An error: the API is
  // gone or answers what it must not, and the runtime has to end.
  Result<std::optional<http::ClientResponse>> next() const;

  // The status that the API answered, 202 when it took it.
  Result<int> respond(std::string_view request_id, std::string_view body) const;
  Result<int> fail(std::string_view request_id, std::string_view type, std::string_view body) const;
  Result<int> fail_init(std::string_view type, std::string_view body) const;

 private:
  RuntimeApi(std::string address, std::string host, unsigned short port, int stop_fd)
      : address_(std::move(address)), host_(std::move(host)), port_(port), stop_fd_(stop_fd) {}

  Result<std::optional<http::ClientResponse>> call(std::string_view method, std::string_view path,
                                                   std::string_view fields, std::string_view body,
                                                   bool may_stop) const;
  Result<int> post(std::string_view path, std::string_view fields, std::string_view body) const;

  std::string address_;  // as given, for Host
  std::string host_;     // numeric
  unsigned short port_;
  int stop_fd_;
};

}  // namespace ferry::platforms::lambda
