#include "capsule/redact.h"

#include <algorithm>
#include <functional>

#include "base/lower_case.h"
#include "event/json_text.h"

namespace ferry::capsule {
namespace {

using event::JsonKind;
using event::JsonWalker;
using function::Redaction;
using Step = Redaction::Step;

// Shorter values stand in any text by chance.
constexpr std::size_t kLeastValue = 4;
// Each level of a document is gone over once more for those above it: what lies deeper is left out
// whole.
constexpr std::size_t kMostDepth = 64;

std::string decoded(std::string_view quoted) {
  auto text = event::decode_json_string(quoted);
  return text.ok() ? *std::move(text) : std::string(quoted.substr(1, quoted.size() - 2));
}

class Redactor {
 public:
  explicit Redactor(std::span<const Redaction> rules) : rules_(rules), found_(rules.size()) {}

  // A document, or bytes that are none: of those a rule for all of it ("$") alone says anything.
  void document(std::string& text) {
    if (text.empty()) return;
    parts_.clear();
    const bool is_json = event::check_json(text).ok();
    for (rule_ = 0; rule_ < rules_.size(); ++rule_) {
      const Redaction& rule = rules_[rule_];
      if (!rule.header.empty()) {
        if (is_json) native_headers(text, rule.header);
      } else if (is_json) {
        walk(text, rule.steps, 0);
      } else if (rule.steps.empty()) {
        part(text);
      }
    }
    cut(text, is_json ? "\"" + std::string(kRedacted) + "\"" : kRedacted);
  }

  void headers(Pairs& pairs) {
    for (auto& [name, value] : pairs) {
      if (is_header(lower_case(name))) leave_out(value);
    }
  }
  void attributes(event::Event& event) {
    for (auto& [name, value] : event.extensions) {
      const bool named = std::ranges::any_of(rules_, [&](const Redaction& rule) {
        if (rule.header.empty()) return false;
        std::string attribute = "http";  // event/http.h
        for (const char c : rule.header) {
          if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) attribute += c;
        }
        if (name != attribute && name != rule.header) return false;
        found_[static_cast<std::size_t>(&rule - rules_.data())] = true;
        return true;
      });
      if (!named) continue;
      std::string text = event::to_string(value);
      leave_out(text);
      value = text;
    }
  }

  // All values that were left out so far, wherever they stand in it.
  void everywhere(std::string& text) const {
    for (const std::string& value : values_) {
      for (auto at = text.find(value); at != std::string::npos;
           at = text.find(value, at + sizeof(kRedacted) - 1)) {
        text.replace(at, value.size(), kRedacted);
      }
    }
  }
  void sort_values() { std::ranges::sort(values_, std::greater<>(), &std::string::size); }

  std::vector<std::string> found() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (found_[i]) out.push_back(rules_[i].text);
    }
    return out;
  }

 private:
  bool is_header(std::string_view name) {
    bool is = false;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (rules_[i].header.empty() || rules_[i].header != name) continue;
      is = true;
      found_[i] = true;
    }
    return is;
  }

  void keep(std::string value) {
    if (value.size() >= kLeastValue && value != kRedacted) values_.push_back(std::move(value));
  }
  void leave_out(std::string& value) {
    keep(value);
    value = kRedacted;
  }

  void part(std::string_view value) {
    found_[rule_] = true;
    parts_.push_back(value);
  }

  // Values below one that is left out: all that are in it.
  void keep_scalars(std::string_view value, std::size_t depth) {
    const JsonKind kind = event::kind_of(value);
    if (kind == JsonKind::kString) {
      keep(decoded(value));
      keep(std::string(value.substr(1, value.size() - 2)));
    } else if (kind == JsonKind::kNumber) {
      keep(std::string(value));
    } else if ((kind == JsonKind::kObject || kind == JsonKind::kArray) && depth < kMostDepth) {
      for (JsonWalker in(value, kind); in.next();) keep_scalars(in.value(), depth + 1);
    }
  }

  void walk(std::string_view value, std::span<const Step> steps, std::size_t depth) {
    const std::size_t begin = value.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return;
    value = value.substr(begin, value.find_last_not_of(" \t\r\n") + 1 - begin);
    if (steps.empty() || depth == kMostDepth) return part(value);
    const JsonKind kind = event::kind_of(value);
    if (kind != JsonKind::kObject && kind != JsonKind::kArray) return;
    const Step& step = steps.front();
    const auto rest = steps.subspan(1);
    std::uint32_t index = 0;
    for (JsonWalker in(value, kind); in.next(); ++index) {
      const bool object = kind == JsonKind::kObject;
      const bool matches =
          step.kind == Step::Kind::kAll ||
          (step.kind == Step::Kind::kIndex ? !object && index == step.index
                                           : object && decoded(in.key()) == step.name);
      if (matches) walk(in.value(), rest, depth + 1);
      if (step.kind == Step::Kind::kAnywhere) walk(in.value(), steps, depth + 1);
    }
  }

  // Platforms that send a request as JSON (API Gateway's and Azure's) have its headers in members
  // of these names.
  void native_headers(std::string_view text, const std::string& header) {
    if (event::kind_of(text.substr(text.find_first_not_of(" \t\r\n"))) != JsonKind::kObject) return;
    for (JsonWalker in(text, JsonKind::kObject); in.next();) {
      const std::string name = lower_case(decoded(in.key()));
      if ((name != "headers" && name != "multivalueheaders") ||
          event::kind_of(in.value()) != JsonKind::kObject) {
        continue;
      }
      for (JsonWalker each(in.value(), JsonKind::kObject); each.next();) {
        if (lower_case(decoded(each.key())) == header) part(each.value());
      }
    }
  }

  // Puts `instead` in the place of all parts of `text`, one within another counted once.
  void cut(std::string& text, std::string_view instead) {
    std::ranges::sort(parts_, [](std::string_view a, std::string_view b) {
      return a.data() != b.data() ? a.data() < b.data() : a.size() > b.size();
    });
    std::string out;
    const char* at = text.data();
    for (const std::string_view each : parts_) {
      if (each.data() < at) continue;
      if (instead.starts_with('"')) keep_scalars(each, 0);
      out.append(at, each.data());
      out += instead;
      at = each.data() + each.size();
    }
    if (parts_.empty()) return;
    out.append(at, static_cast<const char*>(text.data() + text.size()));
    parts_.clear();
    text = std::move(out);
  }

  std::span<const Redaction> rules_;
  std::vector<bool> found_;  // by rule
  std::size_t rule_ = 0;
  std::vector<std::string_view> parts_;  // of the document that is gone over
  std::vector<std::string> values_;      // longest first, once sorted
};

}  // namespace

void redact(Capsule& capsule, std::span<const Redaction> rules) {
  if (rules.empty()) return;
  Redactor redactor(rules);
  Seen& result = capsule.result;
  redactor.attributes(capsule.event);
  if (capsule.event.data) redactor.document(*capsule.event.data);
  if (capsule.request) redactor.headers(capsule.request->headers);
  redactor.document(result.data);
  if (result.http) redactor.headers(result.http->headers);
  redactor.sort_values();
  const auto pairs = [&](Pairs& each) {
    for (auto& [name, value] : each) redactor.everywhere(value);
  };
  if (capsule.event.data) redactor.everywhere(*capsule.event.data);
  if (capsule.event.subject) redactor.everywhere(*capsule.event.subject);
  for (auto& [name, value] : capsule.event.extensions) {
    if (auto* text = std::get_if<std::string>(&value)) redactor.everywhere(*text);
  }
  if (capsule.request) {
    redactor.everywhere(capsule.request->path);
    pairs(capsule.request->headers);
  }
  pairs(capsule.variables);
  for (std::string* text :
       {&capsule.denied, &result.data, &result.message, &result.hint, &result.reply_event}) {
    redactor.everywhere(*text);
  }
  if (result.http) pairs(result.http->headers);
  for (host::LogLine& line : result.logs) redactor.everywhere(line.text);
  capsule.redacted = redactor.found();
}

}  // namespace ferry::capsule
