#include "wasm/record.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace ferry::wasm {
namespace {

namespace json = boost::json;

struct Flag {
  const char* name;
  bool CodeFacts::*field;
};
constexpr Flag kFlags[] = {
    {"writes_tables", &CodeFacts::writes_tables},
    {"drops_data", &CodeFacts::drops_data},
    {"uses_simd", &CodeFacts::uses_simd},
    {"uses_bulk_memory", &CodeFacts::uses_bulk_memory},
    {"uses_sign_extension", &CodeFacts::uses_sign_extension},
    {"uses_saturating_float_to_int", &CodeFacts::uses_saturating_float_to_int},
    {"uses_multi_value", &CodeFacts::uses_multi_value},
    {"uses_reference_types", &CodeFacts::uses_reference_types},
    {"uses_externref", &CodeFacts::uses_externref},
    {"uses_relaxed_simd", &CodeFacts::uses_relaxed_simd},
    {"uses_tail_calls", &CodeFacts::uses_tail_calls},
    {"uses_exceptions", &CodeFacts::uses_exceptions},
    {"uses_legacy_exceptions", &CodeFacts::uses_legacy_exceptions},
    {"uses_threads", &CodeFacts::uses_threads},
    {"grows_memory", &CodeFacts::grows_memory},
    {"has_opaque_globals", &CodeFacts::has_opaque_globals},
    {"traps_at_start", &CodeFacts::traps_at_start},
};

constexpr Abi kAbis[] = {Abi::kNone, Abi::kCommand, Abi::kReactor, Abi::kHttp, Abi::kRun};

// The order is that of importance to a person.
std::string why_not_kept(const Binary& binary, const CodeFacts& code) {
  if (code.writes_tables) {
    return "its code writes to tables";
  }
  if (code.drops_data) {
    return "its code drops data segments";
  }
  if (code.uses_threads) {
    return "its code uses threads";
  }
  if (code.uses_exceptions || code.uses_legacy_exceptions) {
    return "its code uses exceptions";
  }
  if (binary.memories.size() != 1 || binary.memories[0].shared || binary.memories[0].is64) {
    return "it does not have exactly one memory of its own, unshared and 32-bit";
  }
  for (const Import& import : binary.imports) {
    if (import.kind != ExternKind::kFunc) {
      return fmt::format("it imports {}.{}, which is not a function", import.module, import.name);
    }
  }
  if (code.has_opaque_globals) {
    return "it has a mutable global that is not a number";
  }
  return {};
}

Result<Record> read_record(const json::object& whole) {
  Record record;
  if (whole.at("version").to_number<int>() != kRecordVersion) {
    return Error{Code::kUnsupported, "a record of another version", "make the bundle anew"};
  }
  std::string_view name = whole.at("abi").as_string();
  for (Abi abi : kAbis) {
    if (abi_name(abi) == name) {
      record.abi = abi;
    }
  }
  record.has_initialize = whole.at("has_initialize").as_bool();
  record.has_start = whole.at("has_start").as_bool();
  record.memory_minimum = whole.at("memory_minimum").to_number<std::uint64_t>();
  record.not_kept = whole.at("not_kept").as_string();
  for (const json::value& index : whole.at("mutable_globals").as_array()) {
    record.mutable_globals.push_back(index.to_number<std::uint32_t>());
  }
  if (const json::value* left = whole.if_contains("left_handles")) {
    for (const json::value& each : left->as_array()) {
      record.left_handles.push_back({each.at(0).to_number<std::uint32_t>(),
                                     each.at(1).to_number<std::uint32_t>(),
                                     each.at(2).to_number<std::uint32_t>()});
    }
  }
  for (const Flag& flag : kFlags) {
    record.code.*flag.field = whole.at("code").at(flag.name).as_bool();
  }
  return record;
}

}  // namespace

Record make_record(const Binary& binary, const CodeFacts& code) {
  Record record;
  record.abi = binary.abi;
  record.has_initialize = binary.find_export("_initialize", ExternKind::kFunc) != nullptr;
  record.has_start = binary.start.has_value() || code.traps_at_start;
  record.memory_minimum = binary.memories.empty() ? 0 : binary.memories[0].minimum << 16;
  for (std::uint32_t i = 0; i < binary.globals.size(); ++i) {
    if (binary.globals[i].is_mutable) {
      record.mutable_globals.push_back(i);
    }
  }
  record.not_kept = why_not_kept(binary, code);
  record.left_handles = binary.left_handles;
  record.code = code;
  return record;
}

std::string to_json(const Record& record) {
  json::object code;
  for (const Flag& flag : kFlags) {
    code[flag.name] = record.code.*flag.field;
  }
  json::array globals(record.mutable_globals.begin(), record.mutable_globals.end());
  json::object whole{{"version", kRecordVersion},
                     {"abi", std::string(abi_name(record.abi))},
                     {"has_initialize", record.has_initialize},
                     {"has_start", record.has_start},
                     {"memory_minimum", record.memory_minimum},
                     {"mutable_globals", std::move(globals)},
                     {"not_kept", record.not_kept},
                     {"code", std::move(code)}};
  if (!record.left_handles.empty()) {
    json::array left;
    for (const LeftHandle& each : record.left_handles) {
      left.push_back(json::array{each.handle, each.kind, each.parent});
    }
    whole["left_handles"] = std::move(left);
  }
  return json::serialize(whole);
}

Result<Record> record_from_json(std::string_view text) {
  // Boost.JSON's accessors throw on a missing or mistyped member; nothing of it leaves here.
  try {
    return read_record(json::parse(text).as_object());
  } catch (const std::exception& error) {
    return Error{Code::kInvalid, fmt::format("the bundle's record is malformed: {}", error.what()),
                 "make the bundle anew"};
  }
}

}  // namespace ferry::wasm
