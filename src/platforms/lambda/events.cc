#include "platforms/lambda/events.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "event/content_coding.h"
#include "event/json.h"
#include "event/rules.h"
#include "event/uri.h"
#include "host/reply.h"

namespace ferry::platforms::lambda {
namespace {

using event::Event;
using event::JsonKind;

// The top's members, found once: a payload of megabytes is not to be walked for every row.
class Top {
 public:
  explicit Top(std::string_view json) : whole_(json), members_(whole_.members()) {}

  JsonView whole() const { return whole_; }
  std::size_t size() const { return members_.size(); }
  JsonView at(std::string_view path) const {
    if (whole_.is(JsonKind::kArray)) {
      return whole_.at(path);
    }
    std::size_t slash = path.find('/');
    std::string_view name = path.substr(0, slash);
    for (const auto& [key, value] : members_) {
      if (key == name) {
        return slash == std::string_view::npos ? value : value.at(path.substr(slash + 1));
      }
    }
    return {};
  }

 private:
  JsonView whole_;
  std::vector<std::pair<std::string, JsonView>> members_;
};

bool holds(std::string_view condition, const Top& top) {
  if (condition.starts_with('!')) {
    return !top.at(condition.substr(1)).present();
  }
  if (condition.starts_with('#')) {
    return condition.substr(1) == std::to_string(top.size());
  }
  std::size_t equals = condition.find('=');
  JsonView value = top.at(condition.substr(0, equals));
  if (equals == std::string_view::npos) {
    return value.present();
  }
  return value.scalar() == condition.substr(equals + 1);
}

bool fits(const Row& row, const Top& top) {
  std::string_view when = row.when;
  while (!when.empty()) {
    std::size_t end = when.find(';');
    if (!holds(when.substr(0, end), top)) {
      return false;
    }
    when = end == std::string_view::npos ? std::string_view() : when.substr(end + 1);
  }
  return true;
}

const Row& row_of(const Top& top, std::span<const Row> rows) {
  for (const Row& row : rows) {
    if (fits(row, top)) {
      return row;
    }
  }
  return fallback_row();
}

constexpr std::string_view kVisible =
    "!$&'()*+,;=:@-._~/?#ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::string percent_encoded(std::string_view text, bool uri) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool fine =
        uri ? kVisible.find(c) != std::string_view::npos || c == '%' : byte >= 0x20 && byte < 0x7F;
    if (fine) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

// A URI-reference of whatever the fields held: "<url-id>" has no place in one.
std::string to_uri(const std::string& text) {
  if (event::is_uri_reference(text)) {
    return text;
  }
  std::string encoded = percent_encoded(text, true);
  return event::is_uri_reference(encoded) ? encoded : event::to_uri_path("/" + text);
}

// Attributes are made of hostile fields: where one breaks a rule of CloudEvents, all are taken
// down to visible ASCII, which breaks none.
Status make_valid(Event& event) {
  if (event::validate(event).ok()) {
    return Done{};
  }
  for (std::string* text : {&event.id, &event.type}) {
    *text = percent_encoded(*text, false);
  }
  if (event.subject) {
    event.subject = percent_encoded(*event.subject, false);
  }
  return event::validate(event);
}

// The data by "KIND:PATH".
Status put_data(std::string_view rule, const Scope& scope, Event& event) {
  std::size_t colon = rule.find(':');
  std::string_view kind = rule.substr(0, colon);
  std::string_view path = rule.substr(colon + 1);
  JsonView value = path.empty() ? scope.place : scope.place.at(path);
  if (value.is(JsonKind::kNull) || (!value.present() && kind != "json")) {
    return Done{};
  }
  if (kind == "json" || !value.is(JsonKind::kString)) {
    event.data = std::string(value.present() ? value.text() : scope.place.text());
    event.datacontenttype = "application/json";
    return Done{};
  }
  FERRY_TRY(auto text, event::decode_json_string(value.text()));
  if (kind == "base64" || (kind == "text" && scope.place.member("isBase64Encoded").is_true())) {
    auto bytes = from_base64(text);
    if (!bytes.ok()) {
      return with_context(std::move(bytes).error(), "the field '" + std::string(path) + "'");
    }
    text = std::move(*bytes);
  }
  if (!text.empty()) {
    event.datacontenttype = host::sniff_content_type(text);
    event.data = std::move(text);
  }
  return Done{};
}

// The row's extension attributes; what no attribute may hold is percent-encoded.
std::map<std::string, event::Value, std::less<>> attributes_of(const Row& row, const Scope& scope) {
  std::map<std::string, event::Value, std::less<>> out;
  const auto put = [&](std::string_view name, std::string_view from) {
    if (auto value = expand(from, scope)) {
      out[std::string(name)] = event::why_not_string(*value) == nullptr
                                   ? *std::move(value)
                                   : percent_encoded(*value, false);
    }
  };
  for (std::string_view rest = row.attributes; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    put(one.substr(0, one.find('=')), one.substr(one.find('=') + 1));
  }
  if (row.own_attributes != nullptr) {
    for (const auto& [name, from] : *row.own_attributes) {
      put(name, from);
    }
  }
  return out;
}

// An input that is a CloudEvent already: somebody invokes the function with one.
bool is_event(const Top& top) {
  for (const char* name : {"specversion", "id", "source", "type"}) {
    if (!top.at(name).is(JsonKind::kString)) {
      return false;
    }
  }
  return true;
}

Result<Event> make_event(const Row& row, const Scope& scope) {
  Event event;
  const Invocation& invocation = scope.invocation;
  event.type = expand(row.type, scope).value_or("com.amazonaws." + std::string(row.name));
  std::string source = expand(row.source, scope).value_or(invocation.function_arn);
  event.source = source.empty() ? "/aws/lambda" : to_uri(source);
  event.id = expand(row.id, scope).value_or("");
  event.subject = expand(row.subject, scope);
  if (auto time = expand(row.time, scope); time && from_rfc3339(*time).ok()) {
    event.time = std::move(time);
  }
  event.extensions = attributes_of(row, scope);
  FERRY_CHECK_OK(put_data(row.data, scope, event));
  return event;
}

struct Place {
  JsonView view;
  std::string key;
};

std::vector<Place> places(std::string_view each, const Top& top) {
  std::vector<Place> out;
  if (each.ends_with("/*")) {
    for (auto& [key, list] : top.at(each.substr(0, each.size() - 2)).members()) {
      for (JsonView view : list.elements()) {
        out.push_back({view, key});
      }
    }
  } else {
    for (JsonView view : top.at(each).elements()) {
      out.push_back({view, {}});
    }
  }
  return out;
}

class Builder {
 public:
  Builder(const Row& row, const Invocation& invocation, bool many)
      : row_(row), invocation_(invocation), many_(many) {}

  void add(JsonView top, const Place& place) {
    Scope scope{invocation_, top, place.view, items.size(), place.key};
    Item item{make_event(row_, scope)};
    if (!row_.item.empty()) {
      item.name = place.view.at(row_.item).scalar().value_or("");
    }
    if (item.event.ok()) {
      finish(item);
    }
    items.push_back(std::move(item));
  }

  std::vector<Item> items;

 private:
  // An id of its own for each event of an input, whatever its fields said.
  void finish(Item& item) {
    Event& event = *item.event;
    std::string fallback = invocation_.request_id.empty() ? "0" : invocation_.request_id;
    if (event.id.empty()) {
      event.id = many_ ? fallback + "." + std::to_string(items.size()) : fallback;
    } else if (seen_.contains(event.source + " " + event.id)) {
      event.id += "." + std::to_string(items.size());
    }
    seen_.insert(event.source + " " + event.id);
    if (Status valid = make_valid(event); !valid.ok()) {
      item.event = std::move(valid).error();
    }
  }

  const Row& row_;
  const Invocation& invocation_;
  bool many_;
  std::set<std::string> seen_;
};

Result<std::string> unpack(JsonView value, const InputLimits& limits) {
  auto text = value.scalar();
  if (!text) {
    return Error{Code::kInvalid, "the field is not text", ""};
  }
  FERRY_TRY(std::string packed, from_base64(*text));
  return event::unpack(as_bytes(packed), event::Coding::kGzip, limits.unpacked);
}

// The whole input is one event whose data lie packed in one field.
Result<Item> packed_item(const Row& row, std::string_view path, const Top& top,
                         const Invocation& invocation, const InputLimits& limits) {
  auto unpacked = unpack(top.at(path), limits);
  if (!unpacked.ok()) {
    return with_context(std::move(unpacked).error(), "the field '" + std::string(path) + "'");
  }
  Builder builder(row, invocation, false);
  if (event::check_json(*unpacked).ok() && unpacked->starts_with('{')) {
    JsonView view(*unpacked);
    builder.add(view, {view, {}});
    return std::move(builder.items[0]);
  }
  builder.add(top.whole(), {JsonView(), {}});
  Item item = std::move(builder.items[0]);
  if (item.event.ok()) {
    item.event->datacontenttype = host::sniff_content_type(*unpacked);
    item.event->data = std::move(*unpacked);
  }
  return item;
}

}  // namespace

Result<Input> read_input(std::string_view json, const Invocation& invocation,
                         const InputLimits& limits, std::span<const Row> rows) {
  // JsonView knows values without white space around them.
  constexpr std::string_view kSpace = " \t\r\n";
  json.remove_prefix(std::min(json.find_first_not_of(kSpace), json.size()));
  json = json.substr(0, json.find_last_not_of(kSpace) + 1);
  if (Status whole = event::check_json(json); !whole.ok()) {
    return with_context(std::move(whole).error(), "the invocation's payload");
  }
  Top top(json);
  Input out;
  if (is_event(top)) {
    out.row = &fallback_row();
    out.items.push_back({event::from_json(json)});
    return out;
  }
  const Row& row = row_of(top, rows);
  out.row = &row;
  if (is_http(row.reply)) {
    FERRY_TRY(out.http, read_http(top.whole(), row.reply));
    Scope scope{invocation, top.whole(), top.whole()};
    out.http.id = expand(row.id, scope).value_or(invocation.request_id);
    out.http.time = expand(row.time, scope).value_or("");
    out.http.attributes = attributes_of(row, scope);
    out.multi_value = !top.at("multiValueHeaders").members().empty();
    return out;
  }
  std::string_view each = row.each;
  if (each.starts_with("gunzip:")) {
    FERRY_TRY(Item item, packed_item(row, each.substr(7), top, invocation, limits));
    out.items.push_back(std::move(item));
    return out;
  }
  Builder builder(row, invocation, !each.empty());
  if (each.empty()) {
    builder.add(top.whole(), {top.whole(), {}});
  } else {
    for (const Place& place : places(each, top)) {
      builder.add(top.whole(), place);
    }
  }
  out.items = std::move(builder.items);
  out.one_by_one = row.reply == ReplyKind::kOrdered ||
                   (row.reply == ReplyKind::kBatch &&
                    top.at("Records/0/eventSourceARN").scalar().value_or("").ends_with(".fifo"));
  return out;
}

}  // namespace ferry::platforms::lambda
