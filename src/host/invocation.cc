#include "host/invocation.h"

#include <fmt/format.h>

#include "base/blocking.h"
#include "event/environment.h"
#include "host/reply.h"
#include "wasm/prepare.h"

namespace ferry::host {

// Made only when the guest asks for its arguments or its environment: most never do.
wasi::Lists Invocation::tell(const void* from) {
  const auto& [guest, event, options, logs, given, streamer] =
      *static_cast<const Invocation*>(from);
  wasi::Lists lists;
  lists.args = {guest.name};
  lists.args.insert(lists.args.end(), guest.manifest.args.begin(), guest.manifest.args.end());
  lists.args.insert(lists.args.end(), options.args.begin(), options.args.end());
  lists.environ = guest.environ;
  for (const auto& [name, value] : options.env) {
    lists.environ.push_back(fmt::format("{}={}", name, value));
  }
  if (guest.manifest.input == function::InputForm::kData) {
    for (std::string& entry : event::environment(event.whole())) {
      lists.environ.push_back(std::move(entry));
    }
  }
  if (!guest.environ.empty() || !options.env.empty()) {
    event::keep_last_of_each(lists.environ);  // the event's own attributes before all
  }
  return lists;
}

ferry::Status Invocation::begin(wasi::Context& context, Monotonic deadline, const Clock* clock,
                                Random* random) {
  const function::Limits& limits = guest_.manifest.limits;
  wasi::Setup setup;
  setup.tell = tell;
  setup.tell_from = this;
  setup.quotas.stdout_bytes = limits.output;
  setup.quotas.stderr_bytes = limits.log;
  setup.quotas.open_files = limits.open_files;
  setup.deadline = deadline;
  setup.times_log = logs_;
  setup.directories = &guest_.directories;
  setup.files = guest_.manifest.file_tree.get();
  setup.network = guest_.network.get();
  setup.observer = blocking_observer;
  setup.clock = clock;
  setup.random = random;
  // A CloudEvent is read once it is complete.
  if (options_.stream != nullptr && guest_.manifest.reply != function::ReplyForm::kCloudEvent) {
    setup.observer = &streamer_.emplace(context, *options_.stream, blocking_observer);
  }
  FERRY_CHECK_OK(guest_.abi->give_event(guest_, event_, setup, given_));
  context.reset(std::move(setup));
  guest_.abi->begin(guest_, context, given_);
  return Done{};
}

engine::End Invocation::call(engine::Instance& instance, wasi::Context& context,
                             Monotonic deadline) const {
  if (guest_.record.has_start) {
    engine::End end = instance.call(wasm::kStartExport, context, deadline);
    if (end.kind != engine::End::Kind::kReturned) {
      return end;
    }
  }
  return guest_.abi->call(guest_, instance, context, deadline);
}

ferry::Status Invocation::read_reply(wasi::Context& context, Reply& reply) const {
  if (guest_.manifest.reply == function::ReplyForm::kCgi && !options_.http_caller) {
    read_data(context.out(), reply);
    return Done{};
  }
  return guest_.abi->read_reply(guest_, context, event_, reply);
}

}  // namespace ferry::host
