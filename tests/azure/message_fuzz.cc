// What the Functions host posts: any bytes in, a valid event or request out.
#include <cstdlib>

#include "http/head.h"
#include "platforms/azure/events.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry;
  using namespace ferry::platforms::azure;
  const auto message = read_message({reinterpret_cast<const char*>(data), size});
  if (!message) {
    return 0;
  }
  if (const auto request = read_request(*message)) {
    for (const auto& [name, value] : request->headers) {
      if (!http::is_token(name) || !http::is_field_value(value)) {
        std::abort();
      }
    }
    if (!http::is_token(request->method) ||
        request->target.find_first_of(" \r\n") != std::string::npos) {
      std::abort();
    }
  }
  const event::Event event = event_of(*message, {"f", ""}, system_clock(), system_random());
  if (!event::validate(event).ok() || !event::validate_data(event).ok()) {
    std::abort();
  }
  return 0;
}
