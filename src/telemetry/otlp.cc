#include "telemetry/otlp.h"

#include <cerrno>
#include <charconv>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "event/json_text.h"
#include "generated/version.h"
#include "http/client.h"
#include "net/network.h"

namespace ferry::telemetry {
namespace {

constexpr std::uint64_t kMostAnswer = 64u << 10;

// Connected, and no read or write on it takes longer than that.
Result<Fd> connect_to(const Collector& settings, std::chrono::milliseconds timeout) {
  std::string name = settings.host;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  std::uint16_t port = 0;
  const char* const end = settings.port.data() + settings.port.size();
  if (const auto read = std::from_chars(settings.port.data(), end, port);
      read.ec != std::errc() || read.ptr != end) {
    return Error{Code::kUsage, fmt::format("'{}' is not a port", settings.port), ""};
  }
  FERRY_TRY(const auto addresses,
            net::system_network().resolve(name, std::chrono::steady_clock::now() + timeout));
  int problem = ECONNREFUSED;
  for (const net::Address& each : addresses) {
    Fd fd(socket(each.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd.valid()) continue;
    timeval limit{};
    limit.tv_sec = timeout.count() / 1000;
    limit.tv_usec = timeout.count() % 1000 * 1000;
    // It holds for connect() as well (socket(7)).
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_storage to{};
    const socklen_t size = net::to_sockaddr({each, port}, to);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), size) == 0) return fd;
    problem = errno;
  }
  return errno_error("connect to " + settings.authority(), problem);
}

}  // namespace

void add_text(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out += out.ends_with('[') ? "{\"key\":\"" : ",{\"key\":\"";
  out += key;
  out += "\",\"value\":{\"stringValue\":";
  event::append_json_string(out, is_utf8(value) ? value : "(not text)");
  out += "}}";
}

void add_number(std::string& out, std::string_view key, std::uint64_t value) {
  out += fmt::format(R"({}{{"key":"{}","value":{{"intValue":"{}"}}}})",
                     out.ends_with('[') ? "" : ",", key, value);
}

std::string resource_of(const Collector& collector, std::string_view service,
                        std::string_view instance) {
  std::string resource = "[";
  add_text(resource, "service.name", collector.service.empty() ? service : collector.service);
  add_text(resource, "service.instance.id", instance);
  for (const auto& [key, value] : collector.resource) {
    std::string quoted;
    event::append_json_string(quoted, key);
    add_text(resource, std::string_view(quoted).substr(1, quoted.size() - 2), value);
  }
  return fmt::format(R"("resource":{{"attributes":{}]}})", resource);
}

std::string scope() {
  return fmt::format(R"("scope":{{"name":"ferry","version":"{}"}})", FERRY_VERSION);
}

Status post(const Collector& settings, const std::string& body, std::chrono::milliseconds timeout) {
  FERRY_TRY(const Fd socket, connect_to(settings, timeout));
  std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n",
      settings.path, settings.authority(), body.size());
  for (const auto& [name, value] : settings.headers) {
    request += fmt::format("{}: {}\r\n", name, value);
  }
  request += "\r\n" + body;
  FERRY_TRY(const auto answer, http::exchange(socket.get(), request, kMostAnswer));
  if (answer.status / 100 != 2) {
    return Error{
        Code::kIo,
        fmt::format("{}{} answered {}", settings.authority(), settings.path, answer.status), ""};
  }
  return Done{};
}

}  // namespace ferry::telemetry
