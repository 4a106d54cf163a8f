// What is known of a function from its bytes and must still be known where the wasm is gone: the
// host that runs a bundle reads this record from it. JSON; docs/formats/bundle.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/binary.h"
#include "wasm/prepare.h"

namespace ferry::wasm {

// Raised whenever the record or what it means changes: bundles with another are made anew.
inline constexpr int kRecordVersion = 3;

struct Record {
  Abi abi = Abi::kNone;
  bool has_initialize = false;
  bool has_start = false;                      // a start section, made an export (prepare.h)
  std::uint64_t memory_minimum = 0;            // bytes
  std::vector<std::uint32_t> mutable_globals;  // indices, in the original module
  std::string not_kept;                        // why instances can't be reset; empty: they can
  std::vector<LeftHandle> left_handles;        // whatever was read: not checked yet
  CodeFacts code;
};

// Of a core module and what preparation found in its code.
Record make_record(const Binary& binary, const CodeFacts& code);

std::string to_json(const Record& record);
Result<Record> record_from_json(std::string_view text);

}  // namespace ferry::wasm
