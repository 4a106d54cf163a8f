#include "capsule/event_view.h"

#include <algorithm>
#include <array>

#include "capsule/entry.h"
#include "capsule/line.h"

namespace ferry::capsule {
namespace {

struct FlagName {
  const char* name;
  std::uint64_t flag;
};
constexpr std::array kDrew{FlagName{"clock", EntryFlags::kDrewClock},
                           FlagName{"random", EntryFlags::kDrewRandom}};
constexpr std::array kOutside{FlagName{"files", EntryFlags::kFiles},
                              FlagName{"network", EntryFlags::kNetwork}};

std::vector<std::string> names_of(std::uint64_t flags, std::span<const FlagName> table) {
  std::vector<std::string> out;
  for (const FlagName& row : table) {
    if ((flags & row.flag) != 0) out.emplace_back(row.name);
  }
  return out;
}

std::uint64_t flags_of(const std::vector<std::string>& names, std::span<const FlagName> table) {
  std::uint64_t out = 0;
  for (const FlagName& row : table) {
    if (std::ranges::find(names, row.name) != names.end()) out |= row.flag;
  }
  return out;
}

}  // namespace

void EventView::take_outcome(const auto& outcome) {
  exit_code = outcome.exit_code;
  message = outcome.message;
  hint = outcome.hint;
  backtrace = outcome.backtrace;
  logs = &outcome.logs;
  log_truncated = outcome.log_truncated;
  usage = &outcome.usage;
}

EventView::EventView(const host::Recorded& of)
    : recorded(system_clock().wall()),
      invocation(of.outcome.invocation),
      args(&of.options.args),
      variables(&of.options.env),
      draws(&of.draws) {
  using Flags = EntryFlags;
  const host::Outcome& outcome = of.outcome;
  const host::Witness& witness = of.witness;
  if (of.event.is_made()) event = &of.event.whole();
  data = of.event.data();
  if (event != nullptr && event->data) data = *event->data;
  request = of.event.http();
  if (outcome.ended && of.options.arrived) since_arrival = *outcome.ended - *of.options.arrived;
  if (witness.deadline) {
    deadline = Nanoseconds(witness.deadline->time_since_epoch()).count();
  }
  flags = (witness.drawn.clock ? Flags::kDrewClock : 0) |
          (witness.drawn.random ? Flags::kDrewRandom : 0) |
          (witness.drawn.files ? Flags::kFiles : 0) | (witness.drawn.network ? Flags::kNetwork : 0);
  if (witness.denial) denied = witness.denial->message;

  take_outcome(outcome);
  status = host::status_row(outcome.status).name;
  content_type = outcome.reply.content_type;
  reply = outcome.reply.data;
  if (outcome.reply.event) {
    reply_event_text_ = capsule::reply_event_text(*outcome.reply.event);
    reply_event = reply_event_text_;
  }
  if (outcome.reply.http) {
    http_status = outcome.reply.http->status;
    headers = &outcome.reply.http->headers;
  }
}

EventView::EventView(const Capsule& of)
    : invocation(of.invocation),
      event(&of.event),
      data(of.event.data),
      args(&of.args),
      variables(&of.variables),
      draws(&of.draws),
      deadline(of.deadline),
      flags(flags_of(of.drew, kDrew) | flags_of(of.outside, kOutside)),
      denied(of.denied),
      status(of.result.status),
      content_type(of.result.content_type),
      reply(of.result.data),
      reply_event(of.result.reply_event) {
  if (const auto time = from_rfc3339(of.recorded); time.ok()) recorded = *time;
  redacted_.assign(of.redacted.begin(), of.redacted.end());
  redacted = redacted_;
  take_outcome(of.result);
  if (of.request) {
    const HttpRequest& from = *of.request;
    request_headers_.assign(from.headers.begin(), from.headers.end());
    request =
        event::PlainHttp{from.scheme, from.method, from.authority, from.path, request_headers_};
  }
  if (of.result.http) {
    http_status = of.result.http->status;
    headers = &of.result.http->headers;
  }
}

Capsule EventView::capsule() const {
  Capsule out;
  out.recorded = to_rfc3339(recorded);
  out.invocation = invocation;
  out.event = *event;
  out.event.data = data;
  if (request) {
    out.request = HttpRequest{std::string(request->scheme),
                              std::string(request->method),
                              std::string(request->authority),
                              std::string(request->path_with_query),
                              {}};
    out.request->headers.assign(request->headers.begin(), request->headers.end());
  }
  out.args = *args;
  out.variables = *variables;
  out.redacted.assign(redacted.begin(), redacted.end());
  out.draws = *draws;
  out.deadline = deadline;
  out.drew = names_of(flags, kDrew);
  out.outside = names_of(flags, kOutside);
  out.denied = denied;
  Seen& seen = out.result;
  seen.status = status;
  seen.exit_code = exit_code;
  seen.message = message;
  seen.hint = hint;
  seen.backtrace = backtrace;
  seen.content_type = content_type;
  seen.data = reply;
  seen.reply_event = reply_event;
  if (headers != nullptr) seen.http = HttpAnswer{http_status, *headers};
  seen.logs = *logs;
  seen.log_truncated = log_truncated;
  seen.usage = *usage;
  return out;
}

}  // namespace ferry::capsule
