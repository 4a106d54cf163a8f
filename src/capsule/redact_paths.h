// Where in JSON the rules of [record] redact find something: one pass over its bytes. Private to
// src/capsule.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "capsule/left_out.h"
#include "event/json_tokens.h"
#include "function/redaction.h"

namespace ferry::capsule {

// For one document after the other; one thread.
class PathFinder {
 public:
  struct Part {
    std::size_t begin;
    std::size_t end;
  };

  // Both are borrowed. `found`: by rule, becomes true where the rule finds something. `left_out`
  // gets strings and numbers of what is found.
  PathFinder(std::vector<bool>& found, LeftOut& left_out) : found_(found), left_out_(left_out) {}

  // Parts to leave out, in order, none within another. `text` is an object or an array, or several
  // behind each other (lines of JSON). Where it stops being JSON, nobody can say what the rest is:
  // all of that is a part, and tail() says where it begins.
  const std::vector<Part>& find(std::string_view text, std::span<const function::Redaction> rules);
  // npos: there is none.
  std::size_t tail() const { return tail_; }

 private:
  struct State {  // `step` steps of a rule lead to where this is
    std::uint32_t rule;
    std::uint32_t step;
    bool operator==(const State&) const = default;
  };
  struct Level {          // an open object or array
    std::size_t states;   // the first of states_ that is its own
    std::uint32_t index;  // of its next element
  };

  bool enter(const event::JsonTokens& tokens);
  void advance(State state, std::string_view key, std::uint32_t index);
  void reach(State state);
  void keep(std::string_view scalar);
  void document(event::JsonTokens& tokens, std::string_view text, std::size_t at);
  void cut_rest(std::size_t from, std::size_t size);

  std::span<const function::Redaction> rules_;
  std::vector<bool>& found_;
  LeftOut& left_out_;
  std::vector<Part> parts_;
  std::size_t tail_ = std::string_view::npos;
  std::vector<State> states_;
  std::vector<Level> levels_;
  std::vector<State> next_;  // of the value that is entered
  bool matched_ = false;     // a rule ends there
};

}  // namespace ferry::capsule
