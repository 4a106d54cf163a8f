// Any bytes as an invocation's payload: an error, or events that break no rule of CloudEvents.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "event/http.h"
#include "platforms/lambda/events.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry;
  using namespace ferry::platforms::lambda;
  Invocation invocation{"request", "arn:aws:lambda:r:1:function:f", WallTime{}};
  auto input = read_input({reinterpret_cast<const char*>(data), size}, invocation, {1u << 16});
  if (!input.ok()) {
    return 0;
  }
  for (const Item& item : input->items) {
    if (item.event.ok() &&
        (!event::validate(*item.event).ok() || !event::validate_data(*item.event).ok())) {
      std::abort();
    }
  }
  if (is_http(input->row->reply)) {
    std::vector<event::HeaderView> headers;
    static_cast<void>(
        event::from_http(std::move(input->http).request(headers), system_clock(), system_random())
            .ok());
  }
  return 0;
}
