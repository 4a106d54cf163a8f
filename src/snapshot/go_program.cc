#include "snapshot/go_program.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "wasm/code.h"
#include "wasm/instruction.h"
#include "wasm/module_edit.h"
#include "wasm/names.h"

namespace ferry::snapshot {
namespace {

// In wasm, Go writes '_' for each character of a name that is not a letter, digit or dot.
constexpr std::array<std::string_view, 3> kDrawingPackages = {"math_rand.", "math_rand_v2.",
                                                              "hash_maphash."};
// Through these the program's own code reaches the runtime's generator without math/rand.
constexpr std::array<std::string_view, 2> kDrawingFunctions = {"runtime.legacy_fastrand",
                                                               "os.nextRandom"};
constexpr std::array<std::string_view, 8> kEnvironment = {
    "syscall.Getenv", "syscall.Environ", "syscall.runtime_envs", "os.Getenv",
    "os.LookupEnv",   "os.Environ",      "os.ExpandEnv",         "syscall.copyenv"};
// These look for variables of fixed names (GODEBUG, PWD, ZONEINFO, TZ), never for an event's.
constexpr std::array<std::string_view, 3> kFixedNames = {"runtime.", "syscall.init", "time."};

bool begins_with_one_of(std::string_view name, const auto& prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

bool initialises_package(std::string_view name) {
  return name.ends_with(".init") || name.find(".init.") != std::string_view::npos;
}

bool draws(std::string_view name) {
  return (begins_with_one_of(name, kDrawingPackages) && !initialises_package(name)) ||
         begins_with_one_of(name, kDrawingFunctions);
}

bool is_environment(std::string_view name) {
  return std::ranges::any_of(kEnvironment, [&](std::string_view each) {
    return name == each || (name.starts_with(each) && name[each.size()] == '.');
  });
}

// Where these functions are in the table. nullopt for a table that Go's linker would not write.
std::optional<std::set<std::uint32_t>> places_in_table(
    ByteView wasm, const wasm::Binary& binary, const std::vector<std::uint32_t>& functions) {
  std::set<std::uint32_t> places;
  for (const wasm::Section& section : binary.sections) {
    if (section.id != static_cast<std::uint8_t>(wasm::SectionId::kElement)) {
      continue;
    }
    wasm::Reader reader(wasm.subspan(section.offset, section.size), section.offset);
    for (std::uint32_t segments = reader.u32(); segments > 0 && reader.ok(); --segments) {
      // Active, of table 0, function indices; its place is a constant.
      if (reader.u32() != 0 || reader.byte() != 0x41) {
        return std::nullopt;
      }
      auto place = static_cast<std::uint32_t>(reader.s32());
      if (reader.byte() != wasm::op::kEnd) {
        return std::nullopt;
      }
      for (std::uint32_t left = reader.u32(); left > 0 && reader.ok(); --left, ++place) {
        if (std::ranges::binary_search(functions, reader.u32())) {
          places.insert(place);
        }
      }
    }
    if (!reader.ok()) {
      return std::nullopt;
    }
  }
  return places;
}

}  // namespace

Result<std::optional<GoProgram>> read_go_program(ByteView wasm, const wasm::Binary& binary) {
  std::optional<GoProgram> out;
  if (!binary.toolchain.starts_with("Go ")) {
    return out;
  }
  out.emplace();
  out->names = wasm::read_function_names(wasm, binary);
  const auto& names = out->names;
  for (std::uint32_t i = wasm::imported_functions(binary); i < names.size(); ++i) {
    if (draws(names[i])) {
      out->drawing.push_back(i);
    }
    if (is_environment(names[i])) {
      out->environment.push_back(i);
    }
  }
  // Every Go program has this one; names that lack it are not those that the linker wrote.
  out->named = std::ranges::find(names, "syscall.runtime_envs") != names.end() ||
               std::ranges::find(names, "runtime.schedinit") != names.end();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> calls;
  wasm::CodePlan plan;
  plan.calls = &calls;
  for (const wasm::Section& section : binary.sections) {
    if (section.id == static_cast<std::uint8_t>(wasm::SectionId::kCode)) {
      wasm::CodeFacts facts;
      Bytes unused;
      FERRY_CHECK_OK(wasm::walk_code(wasm.subspan(section.offset, section.size), section.offset,
                                     binary, plan, facts, unused));
    }
  }
  for (const auto& [caller, callee] : calls) {
    if (!std::ranges::binary_search(out->environment, callee) || caller >= names.size()) {
      continue;
    }
    const std::string_view name = names[caller];
    if (!is_environment(name) && !begins_with_one_of(name, kFixedNames)) {
      out->environment_reader = name;
    }
  }
  return out;
}

bool address_taken(ByteView wasm, const wasm::Binary& binary, ByteView memory,
                   const std::vector<std::uint32_t>& functions) {
  const auto places = places_in_table(wasm, binary, functions);
  if (!places) {
    return true;
  }
  for (std::size_t at = 0; at + 8 <= memory.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, memory.data() + at, sizeof word);
    if (word != 0 && word % (1u << 16) == 0 && word >> 48 == 0 &&
        places->contains(static_cast<std::uint32_t>(word >> 16))) {
      return true;
    }
  }
  return false;
}

}  // namespace ferry::snapshot
