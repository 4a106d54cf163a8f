#include "host/outcome.h"

#include <array>

namespace ferry::host {
namespace {

constexpr std::array<StatusRow, 9> kRows{{
    {Status::kOk, "ok", 200, 0},
    {Status::kFailed, "failed", 500, 1},
    {Status::kTrapped, "trapped", 500, 3},
    {Status::kTimeout, "timeout", 504, 4},
    {Status::kOutOfMemory, "out-of-memory", 500, 5},
    {Status::kOutputTooLarge, "output-too-large", 502, 6},
    {Status::kDenied, "denied", 500, 7},
    {Status::kRefused, "refused", 503, 8},
    {Status::kBroken, "broken", 500, 9},
}};

}  // namespace

const StatusRow& status_row(Status status) {
  for (const StatusRow& row : kRows) {
    if (row.status == status) {
      return row;
    }
  }
  return kRows.back();
}

std::uint64_t size_of(const Reply& reply) {
  std::uint64_t size = reply.data.size() + reply.content_type.size();
  if (reply.http) {
    for (const auto& [name, value] : reply.http->headers) {
      size += name.size() + value.size();
    }
  }
  if (reply.event) {
    const event::Event& event = *reply.event;
    size += event.id.size() + event.source.size() + event.type.size();
    for (const auto* text : {&event.subject, &event.time, &event.dataschema, &event.data}) {
      size += text->value_or("").size();
    }
    for (const auto& [name, value] : event.extensions) {
      size += name.size() + event::to_string(value).size();
    }
  }
  return size;
}

int http_status(const Outcome& outcome) {
  if (outcome.status == Status::kRefused && !outcome.overload) {
    return outcome.too_large ? 413 : 400;
  }
  if (outcome.status == Status::kOk) {
    if (outcome.reply.http) {
      return outcome.reply.http->status;
    }
    return outcome.reply.data.empty() && !outcome.reply.event ? 204 : 200;
  }
  return status_row(outcome.status).http;
}

Outcome refuse(std::string message, std::string hint, bool overload) {
  Outcome outcome;
  outcome.status = Status::kRefused;
  outcome.overload = overload;
  outcome.message = std::move(message);
  outcome.hint = std::move(hint);
  return outcome;
}

}  // namespace ferry::host
