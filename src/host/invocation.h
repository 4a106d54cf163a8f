// One event given to one guest: what it sees through WASI, and the calls into it. The only place
// that calls a guest for an event: the Host, the comparisons of `ferry build --snapshot` and the
// measurements of `ferry compare` all go through it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "event/event.h"
#include "host/guest.h"
#include "host/guest_abi.h"
#include "host/outcome.h"
#include "host/reply_stream.h"
#include "wasi/context.h"

namespace ferry::host {

struct InvokeOptions {
  ReplyStream* stream = nullptr;      // borrowed; takes what can be sent before the function ends
  std::optional<Monotonic> deadline;  // a platform's own, margin already taken off; the sooner wins
  std::optional<Monotonic> arrived;   // when the event was accepted: gives usage.queue_us
  std::string invocation;             // an id the platform gave; empty: a new UUIDv7
  std::string record;                 // Outcome::record
  std::vector<std::pair<std::string, std::string>> env;  // the platform's, beside the manifest's
  std::vector<std::string>
      args;          // behind args[0], which is the function's name, and the manifest's
  bool logs = true;  // false: nobody reads Outcome::logs, and it stays empty
  // Whether who is answered takes an HTTP answer; with false, a function with reply = "cgi" answers
  // with data, as all others do: a queue has no use for a status and headers.
  bool http_caller = true;
};

// Used by one thread. Borrows everything that it is made with, and is borrowed by the context from
// begin() to the context's next reset.
class Invocation {
 public:
  Invocation(const Guest& guest, event::LazyEvent& event, const InvokeOptions& options)
      : Invocation(guest, event, options, options.logs) {}
  // `logs`: in place of the options'.
  Invocation(const Guest& guest, event::LazyEvent& event, const InvokeOptions& options, bool logs)
      : guest_(guest), event_(event), options_(options), logs_(logs) {}
  Invocation(const Invocation&) = delete;
  Invocation& operator=(const Invocation&) = delete;

  // Resets the context to what the guest may see: the event, its arguments, environment,
  // directories, quotas, and the deadline of its blocking calls (by the context's clock). Fails
  // where the event cannot be given to this guest.
  // `clock`, `random`: in place of the context's own, until its next reset.
  ferry::Status begin(wasi::Context& context, Monotonic deadline, const Clock* clock = nullptr,
                      Random* random = nullptr);

  // The start function, then the exports of the ABI. `deadline` is the engine's (system clock).
  engine::End call(engine::Instance& instance, wasi::Context& context, Monotonic deadline) const;

  // After a call that ended well: the guest's reply, into an empty `reply`.
  ferry::Status read_reply(wasi::Context& context, Reply& reply) const;

 private:
  static wasi::Lists tell(const void* from);

  const Guest& guest_;
  event::LazyEvent& event_;
  const InvokeOptions& options_;
  const bool logs_;
  Given given_;
  std::optional<ReplyStreamer> streamer_;
};

}  // namespace ferry::host
