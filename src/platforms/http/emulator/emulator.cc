// Plays an HTTP caller, with a front of ours or any other server.
#include "emulators/http_emulator.h"
#include "platforms/http/adapter.h"

namespace ferry::platforms {

const Emulation& http_emulation() {
  static const HttpEmulation<HttpEmulator> emulation(http_platform());
  return emulation;
}

}  // namespace ferry::platforms
