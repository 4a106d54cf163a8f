#include "emulators/emulator.h"

namespace ferry::platforms {

Result<Answer> Emulator::send_native(std::string_view /*input*/) {
  return Error{Code::kUnsupported, "this platform has no native input that a case can hold",
               "give the event instead"};
}

Result<std::unique_ptr<Emulator>> Emulation::make_remote(std::unique_ptr<Wire> /*wire*/) const {
  return Error{Code::kUnsupported, std::string("no real ") + platform().name() + " can be driven",
               "leave the =URL away: its emulator is driven"};
}

std::string Emulation::lose(Observed& /*expected*/) const { return {}; }

}  // namespace ferry::platforms
