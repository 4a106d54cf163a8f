// What trial runs may use: a snapshot is proven by giving the function events, and these must touch
// nothing of the user's.
#pragma once

#include "function/function.h"
#include "host/guest.h"
#include "net/network.h"

namespace ferry::builder {

// Has no name and no address that answers. Stateless; any thread.
net::Network& no_network();

// A guest without folders. Where connections are granted it finds what belongs to them (the folder
// of certificates, /dev), and may reach nothing.
Result<host::Guest> trial_guest(const function::Function& function, wasm::Record record);

}  // namespace ferry::builder
