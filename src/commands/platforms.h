// The platforms that this ferry has, by name.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "platforms/platform.h"

namespace ferry::commands {

std::span<const platforms::Platform* const> all_platforms();
// Null when there is none of that name.
const platforms::Platform* find_platform(const std::string& name);
std::vector<std::string> platform_names();

// Sends one event the way it goes on the platform: its emulator, its adapter, the host. The
// outcome is the host's; the reply of one that is ok is what the platform's caller was given.
// An error when the emulator and the adapter do not understand each other.
Result<host::Outcome> run_through(const platforms::Platform& platform, host::Host& host,
                                  const std::shared_ptr<host::Loaded>& function,
                                  const event::Event& event);

}  // namespace ferry::commands
