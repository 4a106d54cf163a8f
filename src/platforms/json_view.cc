#include "platforms/json_view.h"

#include <charconv>

namespace ferry::platforms {
namespace {

using event::JsonKind;
using event::JsonWalker;

// `quoted` as it appears in the text, `name` as characters.
bool names(std::string_view quoted, std::string_view name) {
  if (quoted.find('\\') == std::string_view::npos) {
    return quoted.substr(1, quoted.size() - 2) == name;
  }
  auto decoded = event::decode_json_string(quoted);
  return decoded.ok() && *decoded == name;
}

}  // namespace

JsonView JsonView::member(std::string_view name) const {
  if (!is(JsonKind::kObject)) {
    return {};
  }
  for (JsonWalker walker(text_, JsonKind::kObject); walker.next();) {
    if (names(walker.key(), name)) {
      return JsonView(walker.value());
    }
  }
  return {};
}

JsonView JsonView::element(std::size_t index) const {
  if (!is(JsonKind::kArray)) {
    return {};
  }
  for (JsonWalker walker(text_, JsonKind::kArray); walker.next(); --index) {
    if (index == 0) {
      return JsonView(walker.value());
    }
  }
  return {};
}

JsonView JsonView::at(std::string_view path) const {
  JsonView view = *this;
  while (!path.empty() && view.present()) {
    std::size_t slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    std::size_t index = 0;
    if (view.is(JsonKind::kArray)) {
      auto end = std::from_chars(part.data(), part.data() + part.size(), index);
      if (end.ec != std::errc() || end.ptr != part.data() + part.size()) {
        return {};
      }
      view = view.element(index);
    } else {
      view = view.member(part);
    }
  }
  return view;
}

std::vector<JsonView> JsonView::elements() const {
  std::vector<JsonView> out;
  if (is(JsonKind::kArray)) {
    for (JsonWalker walker(text_, JsonKind::kArray); walker.next();) {
      out.emplace_back(walker.value());
    }
  }
  return out;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  std::vector<std::pair<std::string, JsonView>> out;
  if (is(JsonKind::kObject)) {
    for (JsonWalker walker(text_, JsonKind::kObject); walker.next();) {
      if (auto name = event::decode_json_string(walker.key()); name.ok()) {
        out.emplace_back(std::move(*name), JsonView(walker.value()));
      }
    }
  }
  return out;
}

std::optional<std::string> JsonView::scalar() const {
  if (!present()) {
    return std::nullopt;
  }
  switch (event::kind_of(text_)) {
    case JsonKind::kString: {
      auto decoded = event::decode_json_string(text_);
      return decoded.ok() ? std::optional(std::move(*decoded)) : std::nullopt;
    }
    case JsonKind::kNumber:
    case JsonKind::kBool:
      return std::string(text_);
    default:
      return std::nullopt;
  }
}

}  // namespace ferry::platforms
