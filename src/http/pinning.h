// Workers that each keep to a core of their own and take the connections that arrive there.
//
// The kernel spreads connections over listening sockets (SO_REUSEPORT) by a hash, so that most are
// served by another core than the one that their packets come to; every request and every answer
// then wakes the other core. Where a network card spreads its flows over the cores anyway (RSS), or
// clients run on all cores themselves, leaving each where it arrives saves that. Where all arrive
// on one core it is wrong: one worker would do all the work. Hence nobody gets it unasked.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "http/listener.h"

namespace ferry::http {

// The cores that this process may run on, in order.
std::vector<int> own_cores();

// Connections that arrive on cores[i] go to sockets[i], those of other cores to any. As many cores
// as sockets, or more. For all who share the address.
Status steer_by_core(const Listeners& listeners, std::span<const int> cores);

// The same with new connections only to the sockets that `taking` marks, at least one: those of a
// process that does not answer get none in the meantime. Without cores: any of them by chance, or,
// where all take, as the kernel spreads them by itself.
Status steer_around(const Listeners& listeners, std::span<const int> cores,
                    const std::vector<bool>& taking);

// This thread, and those that it will start, run on this core alone.
Status keep_to_core(int core);

}  // namespace ferry::http
