// Waiting for pollables. Private to src/wasi2.
#pragma once

#include <span>

#include "wasi2/state.h"

namespace ferry::wasi2 {

// Until one of them is ready; at once where one is. False where the event's deadline came first:
// the guest is to be ended. Brings the exchanges that they refer to up to date.
bool wait_for(S& s, std::span<const Pollable> pollables);
bool is_ready(S& s, const Pollable& pollable);

}  // namespace ferry::wasi2
