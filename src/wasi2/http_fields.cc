// wasi:http/types fields: a list of names, in lower case here, and values.
#include <algorithm>

#include "wasi2/calls.h"
#include "wasi2/http_rules.h"

namespace ferry::wasi2 {
namespace {

// result<_, header-error>: the error is an enum in WASI 0.2, a variant with a text in 0.3.
template <bool kVariant>
struct Form {
  static constexpr u32 kSize = kVariant ? 20 : 2;
  static constexpr u32 kAlignment = kVariant ? 4 : 1;
  static constexpr u32 kError = kVariant ? 4 : 1;
};

void put_error(S& s, HeaderError error, u32 offset) {
  s.results.put(0, u8{1});
  s.results.put(offset, static_cast<u8>(error));
}

// A field's name as the host compares it; what a name may not be is an error of the interface.
std::optional<HeaderError> check_name(std::string& name) {
  if (!is_token(name)) return HeaderError::kInvalidSyntax;
  make_lower(name);
  if (is_forbidden(name)) return HeaderError::kForbidden;
  return std::nullopt;
}

// The list to change, and the name of the field. Null where the call is over: trapped, or answered.
template <typename F>
FieldList* begin_change(S& s, G g, u32 self, u32 name, u32 length, u32 ret) {
  const Fields* fields = need<Fields>(s, self);
  if (fields == nullptr || !get_text(s, g, name, length, s.text) ||
      !begin(s, g, ret, F::kSize, F::kAlignment)) {
    return nullptr;
  }
  if (const auto error = check_name(s.text)) {
    put_error(s, *error, F::kError);
    return nullptr;
  }
  return fields->list.get();
}

template <typename F>
bool refuses_change(S& s, u32 self) {
  if (!s.handles.find<Fields>(self)->immutable) return false;
  put_error(s, HeaderError::kImmutable, F::kError);
  return true;
}

// list<field-value>, of those that are named s.text.
void put_values(S& s, u32 offset, const FieldList& list) {
  const auto count =
      std::ranges::count_if(list, [&s](const auto& field) { return field.first == s.text; });
  u32 at = s.results.list(offset, static_cast<u32>(count), 8, 4);
  for (const auto& [each, value] : list) {
    if (each != s.text) continue;
    s.results.copied_bytes(at, value);
    at += 8;
  }
}

void remove_field(FieldList& list, std::string_view name) {
  std::erase_if(list, [name](const auto& field) { return field.first == name; });
}

}  // namespace

u32 fields_constructor(S& s, G /*g*/) { return make(s, Fields{std::make_shared<FieldList>()}); }

template <bool kVariant>
void fields_from_list(S& s, G g, u32 list, u32 count, u32 ret) {
  constexpr u32 kElement = 16;  // tuple<string, list<u8>>
  constexpr u32 kSize = kVariant ? 20 : 8;
  if (!check_list(s, g, list, count, kElement, 4) || !begin(s, g, ret, kSize, 4)) return;
  auto fields = std::make_shared<FieldList>();
  for (u32 i = 0; i < count; ++i) {
    u32 parts[4] = {};
    g.get(list + i * kElement, parts);
    std::string_view value;
    if (!get_text(s, g, parts[0], parts[1], s.text) ||
        !get_bytes(s, g, parts[2], parts[3], value)) {
      return;
    }
    if (const auto error = check_name(s.text)) return put_error(s, *error, 4);
    if (!is_field_value(value)) return put_error(s, HeaderError::kInvalidSyntax, 4);
    if (!count_fields(s, s.text.size() + value.size() + kFieldCost)) return;
    fields->emplace_back(s.text, value);
  }
  s.results.put(4, make(s, Fields{std::move(fields)}));
}

void fields_get(S& s, G g, u32 self, u32 name, u32 length, u32 ret) {
  const Fields* fields = need<Fields>(s, self);
  if (fields == nullptr || !get_text(s, g, name, length, s.text) || !begin(s, g, ret, 8, 4)) return;
  make_lower(s.text);
  put_values(s, 0, *fields->list);
}

u32 fields_has(S& s, G g, u32 self, u32 name, u32 length) {
  const Fields* fields = need<Fields>(s, self);
  if (fields == nullptr || !get_text(s, g, name, length, s.text)) return 0;
  make_lower(s.text);
  const bool found =
      std::ranges::any_of(*fields->list, [&s](const auto& field) { return field.first == s.text; });
  return found ? 1 : 0;
}

template <bool kVariant>
void fields_set(S& s, G g, u32 self, u32 name, u32 length, u32 values, u32 count, u32 ret) {
  using F = Form<kVariant>;
  if (!check_list(s, g, values, count, 8, 4)) return;
  FieldList* list = begin_change<F>(s, g, self, name, length, ret);
  if (list == nullptr) return;
  FieldList added;
  for (u32 i = 0; i < count; ++i) {
    u32 parts[2] = {};
    g.get(values + i * 8, parts);
    std::string_view value;
    if (!get_bytes(s, g, parts[0], parts[1], value)) return;
    if (!is_field_value(value)) return put_error(s, HeaderError::kInvalidSyntax, F::kError);
    if (!count_fields(s, s.text.size() + value.size() + kFieldCost)) return;
    added.emplace_back(s.text, value);
  }
  if (refuses_change<F>(s, self)) return;
  remove_field(*list, s.text);
  std::ranges::move(added, std::back_inserter(*list));
}

template <bool kVariant>
void fields_delete(S& s, G g, u32 self, u32 name, u32 length, u32 ret) {
  using F = Form<kVariant>;
  FieldList* list = begin_change<F>(s, g, self, name, length, ret);
  if (list == nullptr || refuses_change<F>(s, self)) return;
  remove_field(*list, s.text);
}

template <bool kVariant>
void fields_append(S& s, G g, u32 self, u32 name, u32 length, u32 value, u32 size, u32 ret) {
  using F = Form<kVariant>;
  std::string_view bytes;
  if (!get_bytes(s, g, value, size, bytes)) return;
  FieldList* list = begin_change<F>(s, g, self, name, length, ret);
  if (list == nullptr) return;
  if (!is_field_value(bytes)) return put_error(s, HeaderError::kInvalidSyntax, F::kError);
  if (refuses_change<F>(s, self) || !count_fields(s, s.text.size() + size + kFieldCost)) return;
  list->emplace_back(s.text, bytes);
}

// result<list<field-value>, header-error>, of 20 bytes.
void fields_get_and_delete(S& s, G g, u32 self, u32 name, u32 length, u32 ret) {
  using F = Form<true>;
  FieldList* list = begin_change<F>(s, g, self, name, length, ret);
  if (list == nullptr || refuses_change<F>(s, self)) return;
  put_values(s, 4, *list);
  remove_field(*list, s.text);
}

template void fields_from_list<false>(S&, G, u32, u32, u32);
template void fields_from_list<true>(S&, G, u32, u32, u32);
template void fields_set<false>(S&, G, u32, u32, u32, u32, u32, u32);
template void fields_delete<false>(S&, G, u32, u32, u32, u32);
template void fields_append<false>(S&, G, u32, u32, u32, u32, u32, u32);
template void fields_set<true>(S&, G, u32, u32, u32, u32, u32, u32);
template void fields_delete<true>(S&, G, u32, u32, u32, u32);
template void fields_append<true>(S&, G, u32, u32, u32, u32, u32, u32);

void fields_entries(S& s, G g, u32 self, u32 ret) {
  const Fields* fields = need<Fields>(s, self);
  if (fields == nullptr || !begin(s, g, ret, 8, 4)) return;
  u32 at = s.results.list(0, static_cast<u32>(fields->list->size()), 16, 4);
  for (const auto& [name, value] : *fields->list) {
    put_text(s, at, name);
    s.results.copied_bytes(at + 8, value);
    at += 16;
  }
}

u32 fields_clone(S& s, G /*g*/, u32 self) {
  const Fields* fields = need<Fields>(s, self);
  if (fields == nullptr || !count_fields(s, bytes_of(*fields->list))) return 0;
  return make(s, Fields{std::make_shared<FieldList>(*fields->list)});
}

}  // namespace ferry::wasi2
