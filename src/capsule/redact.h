// Leaves out of a capsule what [record] redact names (function/redaction.h), before anyone sees it.
// Private to src/capsule.
#pragma once

#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capsule/event_view.h"
#include "capsule/left_out.h"
#include "capsule/redact_paths.h"
#include "function/redaction.h"

namespace ferry::capsule {

// Paths are sought in the event's data and in the reply, where these are JSON; headers in the
// request, the answer, the event's attributes, and the members `headers` and `multiValueHeaders` of
// data, as platforms send requests. Other bytes stay as they are, digit for digit. What begins as
// JSON and is not is left out from where it stops being JSON. A string or a number of at least 4
// characters that was left out is then left out wherever else it stands: in the log, in messages,
// in the path, in variables. Notes in `redacted` which rules found something.
//
// Of one event after the other; one thread. Copies no more than what changes.
class Redactor {
 public:
  Redactor() = default;
  Redactor(const Redactor&) = delete;  // references into itself
  Redactor& operator=(const Redactor&) = delete;

  // Until the next one the view borrows from this object too, and from the rules.
  void redact(EventView& view, std::span<const function::Redaction> rules);

 private:
  using Headers = std::span<const std::pair<std::string_view, std::string_view>>;

  std::string_view keep(std::string text) { return texts_.emplace_front(std::move(text)); }
  bool is_header(std::string_view name);
  bool is_attribute(std::string_view name);
  void document(std::string_view& text);
  void named_headers(EventView& view);
  void named_attributes(EventView& view);

  void everywhere(std::string_view& text);
  void everywhere(EventView& view);
  void in_request(event::PlainHttp& request);
  void in_attributes(EventView& view);
  bool in_pairs(Pairs& pairs) const;

  event::Event& own_event(EventView& view);
  Pairs& own_answer(EventView& view);

  std::span<const function::Redaction> rules_;
  std::vector<bool> found_;  // by rule
  LeftOut left_out_;
  PathFinder finder_{found_, left_out_};

  // What the view borrows.
  std::forward_list<std::string> texts_;
  std::vector<std::pair<std::string_view, std::string_view>> request_headers_;
  event::Event event_;
  Pairs variables_, answer_headers_;
  std::vector<std::string> args_;
  std::vector<host::LogLine> logs_;
  std::vector<std::string_view> found_names_;
};

}  // namespace ferry::capsule
