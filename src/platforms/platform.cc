#include "platforms/platform.h"

namespace ferry::platforms {

Result<Answer> Emulator::send_native(std::string_view /*input*/) {
  return Error{Code::kUnsupported, "this platform has no native input that a case can hold",
               "give the event instead"};
}

Result<std::unique_ptr<Emulator>> Platform::make_remote(std::unique_ptr<Wire> /*wire*/) const {
  return Error{Code::kUnsupported, std::string("no real ") + name() + " can be driven",
               "leave the =URL away: its emulator is driven"};
}

const Rules& Platform::rules() const {
  static const Rules none;
  return none;
}

std::string Platform::lose(Observed& /*expected*/) const { return {}; }

}  // namespace ferry::platforms
