// Google's older events: any bytes in, a valid event out or none; and back without a crash.
#include <cstdlib>

#include "platforms/knative/google_events.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(text.find('\n'), size);
  const auto event = platforms::knative::from_background(text.substr(std::min(cut + 1, size)),
                                                         text.substr(0, cut));
  if (!event) {
    return 0;
  }
  if (!event::validate(*event).ok() || !event::validate_data(*event).ok()) {
    std::abort();
  }
  static_cast<void>(platforms::knative::to_background(*event).ok());
  return 0;
}
