#include "capsule/redact_paths.h"

#include <algorithm>

#include "event/content_type.h"

namespace ferry::capsule {
namespace {

using event::JsonTokens;
using function::Redaction;
using Step = Redaction::Step;

// Platforms that send a request as JSON (API Gateway's and Azure's) have its headers in members
// of these names, so that a rule for a header has two steps.
constexpr std::uint32_t kHeaderSteps = 2;

std::uint32_t steps_of(const Redaction& rule) {
  return rule.header.empty() ? static_cast<std::uint32_t>(rule.steps.size()) : kHeaderSteps;
}

// `key`: with its quotes; empty: of an element.
bool is_name(std::string_view key, std::string_view name, auto same) {
  if (key.empty()) return false;
  if (key.find('\\') == std::string_view::npos) return same(key.substr(1, key.size() - 2), name);
  const auto decoded = event::decode_json_string(key);
  return decoded.ok() && same(*decoded, name);
}

bool is_headers(std::string_view key) {
  return is_name(key, "headers", event::same_word) ||
         is_name(key, "multivalueheaders", event::same_word);
}

}  // namespace

void PathFinder::reach(State state) {
  if (state.step == steps_of(rules_[state.rule])) {
    found_[state.rule] = true;
    matched_ = true;
  } else if (std::ranges::find(next_, state) == next_.end()) {
    next_.push_back(state);
  }
}

// From a container to its member `key`, or to its element `index`.
void PathFinder::advance(State state, std::string_view key, std::uint32_t index) {
  const Redaction& rule = rules_[state.rule];
  const State further{state.rule, state.step + 1};
  if (!rule.header.empty()) {
    if (state.step == 0 ? is_headers(key) : is_name(key, rule.header, event::same_word)) {
      reach(further);
    }
    return;
  }
  const Step& step = rule.steps[state.step];
  switch (step.kind) {
    case Step::Kind::kAnywhere:
      reach(state);
      [[fallthrough]];
    case Step::Kind::kName:
      if (is_name(key, step.name, std::equal_to<std::string_view>())) reach(further);
      break;
    case Step::Kind::kIndex:
      if (key.empty() && index == step.index) reach(further);
      break;
    case Step::Kind::kAll:
      reach(further);
      break;
  }
}

// Whether a rule ends at the value that was just begun or read.
bool PathFinder::enter(const JsonTokens& tokens) {
  next_.clear();
  matched_ = false;
  if (levels_.empty()) {
    for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) reach({rule, 0});
    return matched_;
  }
  Level& level = levels_.back();
  for (std::size_t i = level.states; i < states_.size(); ++i) {
    advance(states_[i], tokens.key(), level.index);
  }
  ++level.index;
  return matched_;
}

void PathFinder::keep(std::string_view scalar) {
  const event::JsonKind kind = event::kind_of(scalar);
  if (kind == event::JsonKind::kString) {
    const std::string_view inner = scalar.substr(1, scalar.size() - 2);
    left_out_.add(inner);
    if (inner.find('\\') == std::string_view::npos) return;
    if (const auto decoded = event::decode_json_string(scalar); decoded.ok()) {
      left_out_.add(*decoded);
    }
  } else if (kind == event::JsonKind::kNumber) {
    left_out_.add(scalar);
  }
}

// `at`: of the tokens' text in the whole one.
void PathFinder::document(JsonTokens& tokens, std::string_view text, std::size_t at) {
  states_.clear();
  levels_.clear();
  std::size_t cut_level = 0;  // of the container that is left out whole; 0: none
  std::size_t end = at;
  while (tokens.next()) {
    end = at + tokens.end();
    if (tokens.token() == JsonTokens::Token::kEnd) {
      if (levels_.size() == cut_level) {
        parts_.back().end = end;
        cut_level = 0;
      }
      states_.resize(levels_.back().states);
      levels_.pop_back();
      continue;
    }
    const bool matched = enter(tokens);
    const bool begins = tokens.token() == JsonTokens::Token::kBegin;
    if (matched && cut_level == 0) {
      parts_.push_back({end - tokens.text().size(), end});
      if (begins) cut_level = levels_.size() + 1;
    }
    if (!begins) {
      if (matched || cut_level > 0) keep(tokens.text());
      continue;
    }
    levels_.push_back({states_.size(), 0});
    states_.insert(states_.end(), next_.begin(), next_.end());
  }
  if (tokens.whole()) return;
  if (cut_level > 0) {
    end = parts_.back().begin;
    parts_.pop_back();
  }
  cut_rest(end, text.size());
}

void PathFinder::cut_rest(std::size_t from, std::size_t size) {
  parts_.push_back({from, size});
  tail_ = from;
  found_.assign(rules_.size(), true);
}

const std::vector<PathFinder::Part>& PathFinder::find(std::string_view text,
                                                      std::span<const Redaction> rules) {
  constexpr std::size_t kMostKept = 4096;
  rules_ = rules;
  parts_.clear();
  if (parts_.capacity() > kMostKept) parts_ = {};
  tail_ = std::string_view::npos;
  std::size_t at = text.starts_with(event::kByteOrderMark) ? event::kByteOrderMark.size() : 0;
  while (tail_ == std::string_view::npos) {
    at = text.find_first_not_of(" \t\r\n", at);
    if (at == std::string_view::npos) break;
    JsonTokens tokens(text.substr(at));
    document(tokens, text, at);
    at += tokens.end();
  }
  return parts_;
}

}  // namespace ferry::capsule
