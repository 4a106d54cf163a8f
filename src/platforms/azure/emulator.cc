#include "platforms/azure/emulator.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "event/http.h"
#include "platforms/azure/adapter.h"
#include "platforms/round_trip.h"

namespace ferry::platforms::azure {
namespace {

// DefaultHttpWorkerService.AddHeaders of the host.
std::string start_of(std::string_view path) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
      "X-Azure-Functions-HostVersion: 4.0.0\r\nX-Azure-Functions-InvocationId: {}\r\n"
      "User-Agent: Azure-Functions-Host/4.0.0\r\n",
      path, uuid_v7(system_clock(), system_random()));
}

std::string end_of(std::string_view body) {
  return fmt::format("Content-Length: {}\r\n\r\n", body.size()).append(body);
}

}  // namespace

Result<Answer> AzureEmulator::send(const event::Event& event) {
  FERRY_TRY(auto message, event::to_http(event, event::Mode::kBinary));
  std::string request = start_of("/api/function");
  for (const auto& [name, value] : message.headers) {
    request += fmt::format("{}: {}\r\n", name, value);
  }
  return round_trip(adapter_, request + end_of(message.body));
}

Result<Answer> AzureEmulator::post(const std::string& function, std::string_view message) {
  return round_trip(adapter_, start_of("/" + function) +
                                  "Content-Type: application/json; charset=utf-8\r\n" +
                                  end_of(message));
}

}  // namespace ferry::platforms::azure
