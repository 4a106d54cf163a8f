// Looking things up in JSON that stays text, so that what passes through keeps its digits and its
// order. Borrows the text, which must have passed event::check_json(); one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/json_text.h"

namespace ferry::platforms {

// One value, or nothing. Of members with the same name the first counts.
class JsonView {
 public:
  JsonView() = default;
  explicit JsonView(std::string_view text) : text_(text) {}

  bool present() const { return !text_.empty(); }
  bool is(event::JsonKind kind) const { return present() && event::kind_of(text_) == kind; }
  std::string_view text() const { return text_; }

  // Nothing when this is not an object (no array), or has no such member (element).
  JsonView member(std::string_view name) const;
  JsonView element(std::size_t index) const;
  // Names and indices with '/' between them: "Records/0/eventSource".
  JsonView at(std::string_view path) const;
  std::vector<JsonView> elements() const;
  std::vector<std::pair<std::string, JsonView>> members() const;

  // A string's characters; a number or a bool as it is. Nothing for all else, and for a
  // string that has no UTF-8 form (an unpaired surrogate).
  std::optional<std::string> scalar() const;
  bool is_true() const { return text_ == "true"; }

 private:
  std::string_view text_;
};

}  // namespace ferry::platforms
