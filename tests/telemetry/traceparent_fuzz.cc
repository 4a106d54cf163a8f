// The header by which a stranger says to which trace an event belongs: what is accepted must be
// what may be exported, and sampled the same each time.
#include <cstdlib>

#include "telemetry/spans.h"

namespace {

using namespace ferry;

bool is_id(std::string_view text, std::size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos &&
         text.find_first_not_of('0') != text.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parent = telemetry::parse_traceparent(text);
  if (!parent) return 0;
  if (!is_id(parent->trace, 32) || !is_id(parent->span, 16)) std::abort();
  telemetry::Settings settings;
  settings.sampling = telemetry::Sampling::kRatio;
  settings.by_parent = false;
  bool before = false;
  for (const double ratio : {0.0, 0.25, 0.5, 1.0}) {  // sampled at one ratio: at each above it, too
    settings.ratio = ratio;
    const bool now = telemetry::is_sampled(settings, parent->trace, &*parent);
    if (before && !now) std::abort();
    before = now;
  }
  settings.by_parent = true;
  if (telemetry::is_sampled(settings, parent->trace, &*parent) != parent->sampled) std::abort();
  return 0;
}
