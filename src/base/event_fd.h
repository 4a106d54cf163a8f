// Eventfds as a wake-up call between threads, processes and signal handlers.
#pragma once

namespace ferry {

// Makes the eventfd readable. Async-signal-safe; errno is as before.
void raise_event(int eventfd);

}  // namespace ferry
