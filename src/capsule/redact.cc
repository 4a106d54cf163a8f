#include "capsule/redact.h"

#include <algorithm>

#include "event/content_type.h"
#include "event/json_text.h"

namespace ferry::capsule {
namespace {

using function::Redaction;

constexpr char kQuoted[] = "\"[redacted]\"";
// What has no brackets, where those would make it something else.
constexpr char kPlain[] = "redacted";

bool is_container(std::string_view text) {
  if (text.starts_with(event::kByteOrderMark)) text.remove_prefix(event::kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && (text[begin] == '{' || text[begin] == '[');
}

// The attribute that a header's value has in an event (event/http.h).
bool is_attribute_of(std::string_view name, std::string_view header) {
  if (name == header) return true;
  constexpr std::string_view kBegin = "http";
  if (!name.starts_with(kBegin)) return false;
  name.remove_prefix(kBegin.size());
  for (const char c : header) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) continue;
    if (!name.starts_with(c)) return false;
    name.remove_prefix(1);
  }
  return name.empty();
}

}  // namespace

bool Redactor::is_header(std::string_view name) {
  bool is = false;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].header.empty() || !event::same_word(rules_[i].header, name)) continue;
    is = true;
    found_[i] = true;
  }
  return is;
}

bool Redactor::is_attribute(std::string_view name) {
  bool is = false;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].header.empty() || !is_attribute_of(name, rules_[i].header)) continue;
    is = true;
    found_[i] = true;
  }
  return is;
}

// Of bytes that are neither an object nor a list only a rule for all of them ("$") says anything.
void Redactor::document(std::string_view& text) {
  if (text.empty()) return;
  if (!is_container(text)) {
    bool all = false;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (!rules_[i].header.empty() || !rules_[i].steps.empty()) continue;
      all = true;
      found_[i] = true;
    }
    if (!all) return;
    left_out_.add(text);
    const bool is_json = event::check_json(text).ok();
    text = is_json ? std::string_view(kQuoted) : kRedacted;
    return;
  }
  const auto& parts = finder_.find(text, rules_);
  if (parts.empty()) return;
  std::string out;
  out.reserve(text.size() + parts.size() * sizeof kQuoted);
  std::size_t at = 0;
  for (const PathFinder::Part& part : parts) {
    out.append(text, at, part.begin - at);
    out += part.begin == finder_.tail() ? kRedacted : kQuoted;
    at = part.end;
  }
  text = keep(std::move(out.append(text, at)));
}

event::Event& Redactor::own_event(EventView& view) {
  if (view.event != &event_) {
    event_ = *view.event;
    event_.data.reset();
    view.event = &event_;
  }
  return event_;
}

Pairs& Redactor::own_answer(EventView& view) {
  if (view.headers != &answer_headers_) {
    answer_headers_ = *view.headers;
    view.headers = &answer_headers_;
  }
  return answer_headers_;
}

void Redactor::named_attributes(EventView& view) {
  if (view.event == nullptr) return;
  std::vector<std::string> named;
  for (const auto& [name, value] : view.event->extensions) {
    if (!is_attribute(name)) continue;
    left_out_.add(event::to_string(value));
    named.push_back(name);
  }
  for (const std::string& name : named) own_event(view).extensions[name] = std::string(kRedacted);
}

void Redactor::named_headers(EventView& view) {
  if (view.request) {
    const Headers headers = view.request->headers;
    for (std::size_t i = 0; i < headers.size(); ++i) {
      if (!is_header(headers[i].first)) continue;
      left_out_.add(headers[i].second);
      if (request_headers_.empty()) request_headers_.assign(headers.begin(), headers.end());
      request_headers_[i].second = kRedacted;
    }
    if (!request_headers_.empty()) view.request->headers = request_headers_;
  }
  if (view.headers != nullptr) {
    for (std::size_t i = 0; i < view.headers->size(); ++i) {
      const auto& [name, value] = (*view.headers)[i];
      if (!is_header(name)) continue;
      left_out_.add(value);
      own_answer(view)[i].second = kRedacted;
    }
  }
}

void Redactor::everywhere(std::string_view& text) {
  if (auto out = left_out_.without(text)) text = keep(*std::move(out));
}

bool Redactor::in_pairs(Pairs& pairs) const {
  bool changed = false;
  for (auto& [name, value] : pairs) {
    auto out = left_out_.without(value);
    if (!out) continue;
    value = *std::move(out);
    changed = true;
  }
  return changed;
}

// It stays a request from which the attributes can be made.
void Redactor::in_request(event::PlainHttp& request) {
  if (left_out_.without(request.authority)) request.authority = kPlain;
  if (left_out_.without(request.mount)) request.mount = {};
  everywhere(request.path_with_query);
  if (request.path_with_query.starts_with(kRedacted)) {
    request.path_with_query = keep("/" + std::string(request.path_with_query));
  }
  if (request_headers_.empty()) {
    request_headers_.assign(request.headers.begin(), request.headers.end());
    request.headers = request_headers_;
  }
  for (auto& [name, value] : request_headers_) everywhere(value);
}

void Redactor::in_attributes(EventView& view) {
  event::Event& own = own_event(view);
  for (std::string* text : {&own.id, &own.type}) {
    if (auto out = left_out_.without(*text)) *text = *std::move(out);
  }
  if (left_out_.without(own.source)) own.source = kPlain;
  if (own.subject) {
    if (auto out = left_out_.without(*own.subject)) own.subject = std::move(out);
  }
  for (auto* attribute : {&own.datacontenttype, &own.dataschema}) {
    if (*attribute && left_out_.without(**attribute)) attribute->reset();
  }
  for (auto& [name, value] : own.extensions) {
    if (auto out = left_out_.without(event::to_string(value))) value = *std::move(out);
  }
}

void Redactor::everywhere(EventView& view) {
  if (view.data) everywhere(*view.data);
  if (view.event != nullptr) in_attributes(view);
  if (view.request) in_request(*view.request);
  for (std::string_view* text : {&view.denied, &view.message, &view.hint, &view.backtrace,
                                 &view.content_type, &view.reply, &view.reply_event}) {
    everywhere(*text);
  }
  if (!view.reply_event.empty() && !view.reply_event.starts_with('{')) view.reply_event = "{}";
  if (view.headers != nullptr) in_pairs(own_answer(view));
  variables_ = *view.variables;
  if (in_pairs(variables_)) view.variables = &variables_;
  args_ = *view.args;
  for (std::string& each : args_) {
    if (auto out = left_out_.without(each)) each = *std::move(out);
  }
  view.args = &args_;
  logs_ = *view.logs;
  for (host::LogLine& line : logs_) {
    if (auto out = left_out_.without(line.text)) line.text = *std::move(out);
  }
  view.logs = &logs_;
}

void Redactor::redact(EventView& view, std::span<const Redaction> rules) {
  if (rules.empty()) return;
  rules_ = rules;
  found_.assign(rules_.size(), false);
  left_out_.clear();
  texts_.clear();
  request_headers_.clear();
  found_names_.clear();
  named_attributes(view);
  named_headers(view);
  if (view.data) document(*view.data);
  document(view.reply);
  left_out_.seal();
  if (!left_out_.empty()) everywhere(view);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (found_[i]) found_names_.emplace_back(rules_[i].text);
  }
  view.redacted = found_names_;
}

}  // namespace ferry::capsule
