// The signals that the program sends to threads of its own: of those that are free for programs
// (signal(7), "Real-time signals"), and not the first ones, which others would take.
#pragma once

#include <csignal>

namespace ferry {

// A thread that runs a long guest gives the core away for a while (http/small_slices.h).
inline int slice_signal() { return SIGRTMIN + 9; }
// A guest's deadline has passed (engines/wasmtime/interrupts.h). It looks at where the thread was:
// handlers of other signals keep it back until they return to there.
inline int late_guest_signal() { return SIGRTMIN + 10; }

}  // namespace ferry
