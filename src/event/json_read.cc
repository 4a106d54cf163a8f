#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/content_type.h"
#include "event/json.h"
#include "event/json_text.h"
#include "event/rules.h"

namespace ferry::event {
namespace {

// What stood in the object, before it is known to be an event: views of the text.
struct Members {
  std::string_view specversion, id, source, type, subject, time, datacontenttype, dataschema;
  std::string_view data, data_base64;
  std::map<std::string, Value, std::less<>> extensions;
  std::set<std::string, std::less<>> unset;  // extensions that were null

  std::string_view* core(std::string_view name) {
    if (name == "specversion") return &specversion;
    if (name == "id") return &id;
    if (name == "source") return &source;
    if (name == "type") return &type;
    if (name == "subject") return &subject;
    if (name == "time") return &time;
    if (name == "datacontenttype") return &datacontenttype;
    if (name == "dataschema") return &dataschema;
    if (name == "data") return &data;
    if (name == "data_base64") return &data_base64;
    return nullptr;
  }
};

Result<std::string> read_string(std::string_view name, std::string_view value) {
  if (kind_of(value) != JsonKind::kString) {
    return broken_rule(name, "has to be a JSON string", kJsonTypes);
  }
  auto text = decode_json_string(value);
  if (!text.ok()) return broken_rule(name, "has an unpaired surrogate", kTypeSystem);
  return text;
}

// Absent, and null, are unset (2.2).
bool is_set(std::string_view value) { return !value.empty() && kind_of(value) != JsonKind::kNull; }

// `out` is a string, or an optional one; left alone when unset.
template <typename Text>
Status read_into(Text& out, std::string_view name, std::string_view value) {
  if (is_set(value)) {
    FERRY_TRY(out, read_string(name, value));
  }
  return Done{};
}

Result<Value> read_extension(std::string_view name, std::string_view value) {
  switch (kind_of(value)) {
    case JsonKind::kBool:
      return Value(value == "true");
    case JsonKind::kNumber: {
      std::int32_t number = 0;
      auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (bad != std::errc() || end != value.data() + value.size()) {
        return broken_rule(name, "is a number that is no 32-bit integer", kJsonTypes);
      }
      return Value(number);
    }
    case JsonKind::kString: {
      FERRY_TRY(std::string text, read_string(name, value));
      return Value(std::move(text));
    }
    default:
      return broken_rule(name, "has to be a string, a boolean or an integer", kJsonTypes);
  }
}

Status add_extension(Members& members, std::string name, std::string_view value) {
  if (members.extensions.size() + members.unset.size() >= kMaxExtensions) {
    return Error{Code::kInvalid,
                 fmt::format("an event of more than {} extension attributes", kMaxExtensions), ""};
  }
  bool again = members.extensions.count(name) + members.unset.count(name) > 0;
  if (again) return broken_rule(name, "appears twice", kJsonEnvelope);
  if (kind_of(value) == JsonKind::kNull) {
    members.unset.insert(std::move(name));
    return Done{};
  }
  FERRY_TRY(Value read, read_extension(name, value));
  members.extensions.emplace(std::move(name), std::move(read));
  return Done{};
}

Result<Members> read_members(std::string_view text) {
  Members members;
  JsonWalker walker(text, JsonKind::kObject);
  while (walker.next()) {
    std::string_view plain = walker.key().substr(1, walker.key().size() - 2);
    std::string decoded;
    if (plain.find('\\') != std::string_view::npos) {
      FERRY_TRY(decoded, decode_json_string(walker.key()));
      plain = decoded;
    }
    if (std::string_view* slot = members.core(plain)) {
      if (!slot->empty()) return broken_rule(plain, "appears twice", kJsonEnvelope);
      *slot = walker.value();
    } else {
      FERRY_CHECK_OK(add_extension(members, std::string(plain), walker.value()));
    }
  }
  FERRY_CHECK_OK(walker.finish());
  return members;
}

// `data` of a type that is not JSON: the string's characters are the text (3.1.2).
Status read_text_data(Event& event, std::string_view value) {
  if (!is_set(value)) return Done{};
  if (kind_of(value) != JsonKind::kString) {
    return broken_rule("data", "has to be a string, since datacontenttype is not JSON",
                       kJsonDataReading);
  }
  FERRY_TRY(event.data, read_string("data", value));
  auto type = parse_content_type(*event.datacontenttype);
  bool ascii = std::all_of(event.data->begin(), event.data->end(), [](char c) { return c >= 0; });
  if (type && !is_utf8_charset(type->charset) &&
      (!ascii || same_word(type->charset.substr(0, 4), "utf-"))) {
    Error error = broken_rule("data", "can't be put into the charset of its datacontenttype",
                              kJsonDataReading);
    error.hint = "send UTF-8, or the bytes in data_base64";
    return error;
  }
  return Done{};
}

Status read_data(Event& event, const Members& members) {
  if (is_set(members.data_base64)) {
    if (!members.data.empty()) {
      return broken_rule("data_base64", "and 'data' are both present", kJsonData);
    }
    FERRY_TRY(std::string encoded, read_string("data_base64", members.data_base64));
    auto bytes = from_base64(encoded);
    if (!bytes.ok()) return broken_rule("data_base64", "is not base64 (RFC 4648, 4)", kJsonData);
    event.data = std::move(bytes).value();
    return validate_data(event);
  }
  if (members.data.empty()) return Done{};
  if (!event.datacontenttype) event.datacontenttype = "application/json";
  if (!is_json_type(*event.datacontenttype)) return read_text_data(event, members.data);
  event.data = std::string(members.data);
  return Done{};
}

std::string_view without_mark(std::string_view text) {
  text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  return text;
}

}  // namespace

Result<Event> from_json(std::string_view text) {
  FERRY_TRY(Members members, read_members(without_mark(text)));
  std::string version;
  FERRY_CHECK_OK(read_into(version, "specversion", members.specversion));
  FERRY_CHECK_OK(check_specversion(version));
  Event event;
  FERRY_CHECK_OK(read_into(event.id, "id", members.id));
  FERRY_CHECK_OK(read_into(event.source, "source", members.source));
  FERRY_CHECK_OK(read_into(event.type, "type", members.type));
  FERRY_CHECK_OK(read_into(event.subject, "subject", members.subject));
  FERRY_CHECK_OK(read_into(event.time, "time", members.time));
  FERRY_CHECK_OK(read_into(event.datacontenttype, "datacontenttype", members.datacontenttype));
  FERRY_CHECK_OK(read_into(event.dataschema, "dataschema", members.dataschema));
  event.extensions = std::move(members.extensions);
  FERRY_CHECK_OK(validate(event));
  FERRY_CHECK_OK(read_data(event, members));
  return event;
}

Result<std::vector<Event>> from_json_batch(std::string_view text) {
  std::vector<Event> out;
  JsonWalker walker(without_mark(text), JsonKind::kArray);
  while (walker.next()) {
    if (out.size() >= kMaxBatch) {
      return Error{Code::kInvalid,
                   fmt::format("a batch of more than {} events ({})", kMaxBatch, kJsonBatch),
                   "send smaller batches"};
    }
    auto event = from_json(walker.value());
    if (!event.ok()) {
      return with_context(std::move(event).error(), fmt::format("event {}", out.size()));
    }
    out.push_back(std::move(event).value());
  }
  FERRY_CHECK_OK(walker.finish());
  return out;
}

}  // namespace ferry::event
