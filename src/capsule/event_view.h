// What a capsule holds of one event, wherever it stands: of an invocation that just ended nothing
// is copied until it is written. Private to src/capsule.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capsule/capsule.h"

namespace ferry::capsule {

// Borrows from what it is made of, and from what redaction puts in its place (redact.h). One
// thread.
struct EventView {
  explicit EventView(const host::Recorded& recorded);
  explicit EventView(const Capsule& capsule);
  EventView(const EventView&) = delete;  // views into itself
  EventView& operator=(const EventView&) = delete;

  // All but the Origin. The event's attributes must be there.
  Capsule capsule() const;

  WallTime recorded;
  Nanoseconds since_arrival{0};
  std::string_view invocation;
  // Null: nobody asked for the attributes, which are made of the request. Its data do not count.
  const event::Event* event = nullptr;
  std::optional<std::string_view> data;
  std::optional<event::PlainHttp> request;
  const std::vector<std::string>* args;
  const Pairs* variables;
  std::span<const std::string_view> redacted;
  const host::Draws* draws;
  std::optional<std::int64_t> deadline;
  std::uint64_t flags = 0;  // EntryFlags: kDrewClock, kDrewRandom, kFiles, kNetwork
  std::string_view denied;

  std::string_view status;
  int exit_code = 0;
  std::string_view message;
  std::string_view hint;
  std::string_view backtrace;
  std::string_view content_type;
  std::string_view reply;
  std::string_view reply_event;  // CloudEvents JSON without data; empty: the reply is not an event
  int http_status = 0;
  const Pairs* headers = nullptr;  // with that status; null: the reply is not an answer of HTTP
  const std::vector<host::LogLine>* logs;
  bool log_truncated = false;
  const host::Usage* usage;

 private:
  void take_outcome(const auto& outcome);

  std::string reply_event_text_;
  std::vector<std::string_view> redacted_;
  std::vector<std::pair<std::string_view, std::string_view>> request_headers_;
};

}  // namespace ferry::capsule
