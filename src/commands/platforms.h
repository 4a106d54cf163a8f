// An event through a platform that is not there: its emulator.
#pragma once

#include <memory>

#include "emulators/emulator.h"

namespace ferry::commands {

// Sends one event the way it goes on the platform: its emulator, its adapter, the host. The
// outcome is the host's; the reply of one that is ok is what the platform's caller was given.
// An error when the emulator and the adapter do not understand each other.
Result<host::Outcome> run_through(const platforms::Emulation& emulation, host::Host& host,
                                  const std::shared_ptr<host::Loaded>& function,
                                  const event::Event& event);

}  // namespace ferry::commands
