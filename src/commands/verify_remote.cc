#include "commands/verify_remote.h"

#include <cerrno>

#include <boost/url.hpp>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include "base/bytes.h"

namespace ferry::commands {
namespace {

Result<Fd> connect_to(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); failed != 0) {
    return Error{Code::kIo, fmt::format("find {}: {}", host, gai_strerror(failed)), ""};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  int reason = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Fd fd(socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.valid() && connect(fd.get(), at->ai_addr, at->ai_addrlen) == 0) {
      return fd;
    }
    reason = errno;
  }
  return errno_error(fmt::format("connect to {}:{}", host, port), reason);
}

}  // namespace

Result<std::function<std::unique_ptr<platforms::Wire>()>> remote_wire(
    const std::string& url, const std::string& authorization) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) {
    return Error{Code::kUsage, fmt::format("'{}' is not a URL that can be driven", url),
                 "it is http://HOST:PORT/PATH; before a TLS address, put a proxy"};
  }
  const std::string host = parsed->host_address();
  const std::string port = parsed->has_port() ? std::string(parsed->port()) : "80";
  platforms::RemoteWire wire;
  wire.connect = [host, port] { return connect_to(host, port); };
  wire.authority = std::string(parsed->encoded_host_and_port());
  wire.base = std::string(parsed->encoded_path());
  while (wire.base.ends_with('/')) {
    wire.base.pop_back();
  }
  if (!authorization.empty()) {
    wire.fields.emplace_back("Authorization", "Basic " + to_base64(as_bytes(authorization)));
  }
  return std::function<std::unique_ptr<platforms::Wire>()>(
      [wire] { return platforms::make_remote_wire(wire); });
}

}  // namespace ferry::commands
