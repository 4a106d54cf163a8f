// What the sandbox of a process that serves has to leave open, and how a platform that is served
// from one process enters it. The workers behind one address are shut in by serve/http.cc.
#pragma once

#include <span>

#include "host/sandbox.h"
#include "serve/provider.h"
#include "serve/running.h"

namespace ferry::serve {

// Of these functions, of recording, and of what the environment asks of the process itself (traces,
// metrics). Before the environment is wiped.
host::sandbox::Needs needs_of(std::span<const Listed> functions,
                              const capsule::RecordOptions& record);

// --print-sandbox, on stdout.
void print_sandbox(const Options& options, const host::sandbox::Needs& needs);

// For the one process of a platform that has put a container or a micro-VM around each function.
// That is its wall, and its kernel may refuse what others take: what does not work is said on
// stderr, and the function is served without it. By the only thread, unless `needs` says otherwise.
void shut_in(Provider& provider, const Options& options, const host::sandbox::Needs& needs);

}  // namespace ferry::serve
