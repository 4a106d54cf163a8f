// How the host drives a guest of one ABI: how the event reaches it, which exports are called in
// which order, and where its reply is. One implementation per wasm::Abi, in one table
// (guest_abi.cc); a new ABI is one class and one row.
//
// Implementations are stateless and thread-safe; they live as long as the process.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "event/event.h"
#include "host/guest.h"
#include "host/http_guest.h"
#include "host/outcome.h"
#include "wasi/context.h"
#include "wasm/binary.h"

namespace ferry::host {

// What one event had to be made into for its guest.
struct Given {
  std::string text;      // the whole event, on stdin
  GuestRequest request;  // or as an HTTP request
};

class GuestAbi {
 public:
  virtual ~GuestAbi() = default;

  // Fills in the parts of `setup` that carry the event. `given` is storage for what has to be made
  // for that; it outlives the call. An error means that the event cannot be given to this guest
  // (bad input).
  virtual ferry::Status give_event(const Guest& guest, event::LazyEvent& event, wasi::Setup& setup,
                                   Given& given) const = 0;
  // After the context was reset to that setup.
  virtual void begin(const Guest& /*guest*/, wasi::Context& /*context*/,
                     const Given& /*given*/) const {}

  // Calls the guest's exports, after its start function has run. Stops at the first that does not
  // return. A value other than 0 is the guest's own report of a failure.
  virtual engine::End call(const Guest& guest, engine::Instance& instance, wasi::Context& context,
                           Monotonic deadline) const = 0;

  // The export whose value call() returns, for messages: "handle".
  virtual std::string_view entry() const = 0;

  // Where its reply goes, for messages.
  virtual std::string_view output() const { return "to stdout"; }

  // What the guest left as its reply, into an empty `reply`. kInvalid when it is not of the form
  // that the manifest promises.
  virtual ferry::Status read_reply(const Guest& guest, wasi::Context& context,
                                   event::LazyEvent& event, Reply& reply) const = 0;
};

// Null for an ABI that the host does not drive.
const GuestAbi* find_abi(wasm::Abi abi);

}  // namespace ferry::host
