#include "platforms/openfaas/emulator.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "event/http.h"
#include "platforms/round_trip.h"

namespace ferry::platforms::openfaas {
namespace {

// What Go's io.Copy reads at a time.
constexpr std::size_t kChunk = 32u << 10;

}  // namespace

Result<Answer> OpenFaasEmulator::send(const event::Event& event) {
  FERRY_TRY(auto message, event::to_http(event, event::Mode::kBinary));
  std::string request = fmt::format(
      "POST / HTTP/1.1\r\nHost: 127.0.0.1:8082\r\nConnection: close\r\n"
      "User-Agent: Go-http-client/1.1\r\nX-Call-Id: {}\r\nX-Forwarded-Host: gateway:8080\r\n"
      "X-Start-Time: {}\r\n",
      uuid_v7(system_clock(), system_random()), system_clock().wall().time_since_epoch().count());
  for (const auto& [name, value] : message.headers) {
    request += fmt::format("{}: {}\r\n", name, value);
  }
  request += "Transfer-Encoding: chunked\r\n\r\n";
  for (std::string_view rest = message.body; !rest.empty();) {
    const std::string_view piece = rest.substr(0, kChunk);
    request += fmt::format("{:x}\r\n", piece.size());
    request.append(piece).append("\r\n");
    rest.remove_prefix(piece.size());
  }
  return round_trip(adapter_, request + "0\r\n\r\n");
}

}  // namespace ferry::platforms::openfaas
