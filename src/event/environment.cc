#include "event/environment.h"

#include <iterator>
#include <string_view>
#include <unordered_set>

namespace ferry::event {
namespace {

void add(std::vector<std::string>& out, std::string_view name, std::string_view value) {
  if (value.find('\0') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    return;
  }
  std::string line;
  line.reserve(name.size() + value.size() + 4);
  line += "CE_";
  for (char c : name) {
    line += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  line += '=';
  line += value;
  out.push_back(std::move(line));
}

}  // namespace

std::vector<std::string> environment(const Event& event) {
  std::vector<std::string> out;
  out.reserve(8 + event.extensions.size());
  add(out, "id", event.id);
  add(out, "source", event.source);
  add(out, "type", event.type);
  add(out, "specversion", "1.0");
  if (event.subject) add(out, "subject", *event.subject);
  if (event.time) add(out, "time", *event.time);
  if (event.datacontenttype) add(out, "datacontenttype", *event.datacontenttype);
  if (event.dataschema) add(out, "dataschema", *event.dataschema);
  for (const auto& [name, value] : event.extensions) {
    add(out, name, to_string(value));
  }
  return out;
}

void keep_last_of_each(std::vector<std::string>& entries) {
  std::unordered_set<std::string_view> seen;
  std::vector<std::string> kept;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const std::string_view text(*entry);
    if (seen.insert(text.substr(0, text.find('='))).second) {
      kept.push_back(*entry);
    }
  }
  entries.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
}

}  // namespace ferry::event
