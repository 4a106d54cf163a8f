#include "wasm/prepare.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wasm/code.h"
#include "wasm/entry_export.h"
#include "wasm/facts.h"
#include "wasm/first_values.h"
#include "wasm/instruction.h"
#include "wasm/names.h"
#include "wasm/renumber.h"
#include "wasm/sections.h"
#include "wasm/wasi_names.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

constexpr std::uint8_t kI32 = 0x7F;
constexpr std::uint8_t kI64 = 0x7E;
constexpr std::uint8_t kNoBlockType = 0x40;

// Entries to put behind those that a section has.
struct Additions {
  std::uint32_t count = 0;
  Bytes bytes;
};

// The indices of what is added, in the new module.
struct Layout {
  std::uint32_t grow_type = 0;
  std::uint32_t void_type = 0;
  std::uint32_t one_type = 0;
  std::uint32_t limit_global = 0;
  std::uint32_t refused_global = 0;
  std::uint32_t old_imported = 0;  // functions imported by the guest
  bool has_memory = false;
  bool has_start = false;
  std::uint32_t start = 0;  // what kStartExport names: the guest's start function, or the trap
  CodePlan code;
};

Error unsupported(std::string message, std::string hint) {
  return {Code::kUnsupported, std::move(message), std::move(hint)};
}

Status check_module(const Binary& binary) {
  if (binary.component) {
    return unsupported("a component cannot be prepared", "give a core module");
  }
  if (binary.memories.size() > 1) {
    return unsupported(fmt::format("{} memories", binary.memories.size()),
                       "build without the multi-memory feature");
  }
  for (const MemoryType& memory : binary.memories) {
    if (memory.is64 || memory.shared) {
      return unsupported(memory.is64 ? "64-bit memory" : "shared memory",
                         "build for wasm32, without threads");
    }
  }
  for (const Export& item : binary.exports) {
    if (is_reserved_export(item.name)) {
      return unsupported(
          fmt::format("the export '{}': names with 'ferry:' are ferry's own", item.name),
          "rename the export; a prepared module is not prepared again");
    }
  }
  for (const Import& import : binary.imports) {
    if (import.module == kPollModule) {
      return unsupported(
          fmt::format("an import from the module '{}', which is ferry's own", kPollModule), "");
    }
  }
  return Done{};
}

Status check_facts(const CodeFacts& facts) {
  if (facts.uses_exceptions || facts.uses_legacy_exceptions) {
    return unsupported(facts.uses_legacy_exceptions
                           ? "it uses WebAssembly exceptions in their older form (try, catch), "
                             "which no engine here runs"
                           : "it uses WebAssembly exceptions, which no engine here runs",
                       "build without them: -fno-exceptions, no -fwasm-exceptions, no setjmp");
  }
  if (facts.uses_threads) {
    return unsupported("it uses atomic instructions, which no engine here runs",
                       "build without threads: no -pthread, -matomics, +atomics");
  }
  return Done{};
}

// The type's index: that of an equal one, or of one added.
std::uint32_t type_index(const Binary& binary, const FuncType& wanted, Additions& types) {
  auto found = std::find(binary.types.begin(), binary.types.end(), wanted);
  if (found != binary.types.end()) {
    return static_cast<std::uint32_t>(found - binary.types.begin());
  }
  types.bytes.push_back(0x60);
  for (const auto* values : {&wanted.params, &wanted.results}) {
    put_u32(types.bytes, static_cast<std::uint32_t>(values->size()));
    for (ValType value : *values) {
      types.bytes.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return static_cast<std::uint32_t>(binary.types.size()) + types.count++;
}

void put_body(Bytes& out, const Bytes& body) {
  put_u32(out, static_cast<std::uint32_t>(body.size()));
  put_bytes(out, body);
}

// (delta: i32) -> i32: memory.grow within the limit. Growth by nothing asks for the size and is
// never refused. Sizes are 64-bit, so nothing wraps.
Bytes grow_body(const Layout& at) {
  constexpr std::uint8_t kDelta = 0;
  constexpr std::uint8_t kWanted = 1;
  constexpr std::uint8_t kResult = 2;
  Bytes out = {2, 1, kI64, 1, kI32};                 // locals
  put_bytes(out, {0x3F, 0, 0xAD});                   // memory.size, i64.extend_i32_u
  put_bytes(out, {0x20, kDelta, 0xAD, 0x7C});        // local.get, i64.extend_i32_u, i64.add
  put_bytes(out, {0x42, 16, 0x86, 0x22, kWanted});   // i64.const 16, i64.shl, local.tee
  out.push_back(0x23);                               // global.get
  put_u32(out, at.limit_global);                     //
  put_bytes(out, {0x56, 0x20, kDelta, 0x41, 0x00});  // i64.gt_u, local.get, i32.const 0
  put_bytes(out, {0x47, 0x71, 0x04, kI32});          // i32.ne, i32.and, if
  put_bytes(out, {0x41, 0x7F, 0x05});                // i32.const -1, else
  put_bytes(out, {0x20, kDelta, 0x40, 0, 0x0B});     // local.get, memory.grow, end
  put_bytes(out, {0x22, kResult, 0x41, 0x7F});       // local.tee, i32.const -1
  put_bytes(out, {0x46, 0x04, kNoBlockType});        // i32.eq, if
  put_bytes(out, {0x20, kWanted, 0x24});             // local.get, global.set
  put_u32(out, at.refused_global);                   //
  put_bytes(out, {0x0B, 0x20, kResult, 0x0B});       // end, local.get, end
  return out;
}

// () -> (): the budget is filled up before the host is called, which may not come back.
Bytes poll_body(const Layout& at) {
  Bytes out = {0, 0x41};  // no locals, i32.const
  put_s64(out, kPollBudget);
  out.push_back(0x24);  // global.set
  put_u32(out, at.code.poll_global);
  out.push_back(0x10);  // call
  put_u32(out, at.old_imported);
  out.push_back(0x0B);  // end
  return out;
}

// () -> (): traps as the standard says that instantiation does, with its message.
Bytes trap_body(StartTrap trap, std::uint32_t void_type) {
  Bytes out = {0, 0x41, 0x7F};  // no locals, i32.const -1
  if (trap == StartTrap::kTable) {
    out.push_back(op::kCallIndirect);
    put_u32(out, void_type);
    out.push_back(0);
  } else {
    put_bytes(out, {0x2D, 0});  // i32.load8_u at the address plus
    put_u32(out, UINT32_MAX);   //   an offset: beyond any memory
    out.push_back(0x1A);        // drop
  }
  out.push_back(op::kEnd);
  return out;
}

void add_global(Additions& globals, std::uint8_t type, std::int64_t value) {
  put_bytes(globals.bytes, {type, 1, std::uint8_t(type == kI64 ? 0x42 : 0x41)});
  put_s64(globals.bytes, value);
  globals.bytes.push_back(0x0B);
  ++globals.count;
}

void add_export(Additions& exports, std::string_view name, ExternKind kind, std::uint32_t index) {
  put_name(exports.bytes, name);
  exports.bytes.push_back(static_cast<std::uint8_t>(kind));
  put_u32(exports.bytes, index);
  ++exports.count;
}

void add_exports(const Binary& binary, const Layout& at, const PrepareOptions& options,
                 Additions& exports) {
  add_export(exports, kMemoryLimitGlobal, ExternKind::kGlobal, at.limit_global);
  add_export(exports, kMemoryRefusedGlobal, ExternKind::kGlobal, at.refused_global);
  if (at.has_memory && binary.find_export("memory", ExternKind::kMemory) == nullptr) {
    add_export(exports, kMemoryExport, ExternKind::kMemory, 0);
  }
  if (at.has_start) {
    add_export(exports, kStartExport, ExternKind::kFunc, at.start);
  }
  for (std::uint32_t i = 0; options.export_globals && i < binary.globals.size(); ++i) {
    const GlobalType& global = binary.globals[i];
    const bool numeric = static_cast<std::uint8_t>(global.type) >= 0x7C;
    if (global.is_mutable && numeric) {
      add_export(exports, fmt::format("{}{}", kGlobalPrefix, i), ExternKind::kGlobal, i);
    }
  }
}

// One run over one module.
class Preparation {
 public:
  Preparation(ByteView wasm, const Binary& binary, const PrepareOptions& options)
      : wasm_(wasm), binary_(binary), options_(options) {
    for (const Section& section : binary.sections) {
      if (section.id != 0 && section.id < sections_.size()) {
        sections_[section.id] = &section;
      }
    }
  }

  Result<Prepared> run();

 private:
  const Section* find(SectionId id) const { return sections_[static_cast<std::size_t>(id)]; }
  ByteView contents(const Section& section) const {
    const auto changed = first_.sections.find(static_cast<SectionId>(section.id));
    return changed == first_.sections.end() ? wasm_.subspan(section.offset, section.size)
                                            : ByteView(changed->second);
  }
  void plan();
  bool moves_functions() const { return options_.poll || !at_.code.in_place.empty(); }
  // Puts functions in the place of imports; `next` is the first one's index.
  void plan_one_import(std::uint32_t next);
  void put_one_import();
  // The section as it is, with `extra` behind its entries; nothing where both are empty.
  void copy(SectionId id, const Additions& extra);
  void put_extended(SectionId id, ByteView old, const Additions& extra);
  // Likewise, with function indices moved.
  using Renumber = Result<Bytes> (*)(ByteView, std::size_t, const CodePlan&);
  Status copy_renumbered(SectionId id, const Additions& extra, Renumber renumber);
  void copy_imports();
  Status copy_elements();
  Status read_code();
  void copy_code();
  void put_names();

  ByteView wasm_;
  const Binary& binary_;
  const PrepareOptions& options_;
  std::array<const Section*, 14> sections_{};
  Layout at_;
  Additions types_;
  Additions imports_;
  Additions functions_;
  Additions globals_;
  Additions exports_;
  Additions bodies_;
  FirstValues first_;
  Bytes code_;  // the new code section
  Prepared out_;
};

void Preparation::plan() {
  at_.old_imported = static_cast<std::uint32_t>(
      std::count_if(binary_.imports.begin(), binary_.imports.end(),
                    [](const Import& import) { return import.kind == ExternKind::kFunc; }));
  at_.has_memory = !binary_.memories.empty();
  at_.limit_global = static_cast<std::uint32_t>(binary_.globals.size());
  at_.refused_global = at_.limit_global + 1;
  add_global(globals_, kI64, 0);
  add_global(globals_, kI64, 0);

  CodePlan& code = at_.code;
  code.rewrite = true;
  code.poll = options_.poll;
  std::uint32_t next = at_.old_imported + static_cast<std::uint32_t>(binary_.functions.size());
  if (options_.poll) {
    code.shift_from = at_.old_imported;
    code.poll_global = at_.refused_global + 1;
    add_global(globals_, kI32, kPollBudget);
    at_.void_type = type_index(binary_, FuncType{}, types_);
    put_name(imports_.bytes, kPollModule);
    put_name(imports_.bytes, kPollName);
    imports_.bytes.push_back(static_cast<std::uint8_t>(ExternKind::kFunc));
    put_u32(imports_.bytes, at_.void_type);
    ++imports_.count;
    code.poll_function = ++next;  // one up: the import
    ++next;
    put_u32(functions_.bytes, at_.void_type);
    ++functions_.count;
    put_body(bodies_.bytes, poll_body(at_));
    ++bodies_.count;
  }
  if (at_.has_memory) {
    at_.grow_type = type_index(binary_, FuncType{{ValType::kI32}, {ValType::kI32}}, types_);
    code.grow = next;
    put_u32(functions_.bytes, at_.grow_type);
    ++functions_.count;
    put_body(bodies_.bytes, grow_body(at_));
    ++bodies_.count;
    ++next;
  }
  if (first_.trap != StartTrap::kNone) {
    at_.has_start = true;
    at_.start = next++;
    at_.void_type = type_index(binary_, FuncType{}, types_);
    put_u32(functions_.bytes, at_.void_type);
    ++functions_.count;
    put_body(bodies_.bytes, trap_body(first_.trap, at_.void_type));
    ++bodies_.count;
  }
  if (options_.one_import) {
    plan_one_import(next);
  }
  if (binary_.start && !at_.has_start) {
    at_.has_start = true;
    at_.start = moved(code, *binary_.start);
  }
  add_exports(binary_, at_, options_, exports_);
}

void Preparation::plan_one_import(std::uint32_t next) {
  std::vector<std::uint32_t> in_place(at_.old_imported, CodePlan::kKept);
  std::uint32_t function = 0;
  for (const Import& import : binary_.imports) {
    if (import.kind != ExternKind::kFunc) {
      return;  // no lowered component: its imports stay
    }
    const std::uint32_t index = function++;
    const auto number = options_.one_import(import);
    const auto body =
        number ? one_import_body(binary_.types.at(import.type), *number, index) : std::nullopt;
    if (!body) {
      continue;
    }
    in_place[index] = next++;
    put_u32(functions_.bytes, import.type);
    ++functions_.count;
    put_body(bodies_.bytes, *body);
    ++bodies_.count;
  }
  if (std::ranges::any_of(in_place, [](std::uint32_t each) { return each != CodePlan::kKept; })) {
    at_.one_type = type_index(binary_, one_import_type(), types_);
    at_.code.in_place = std::move(in_place);
  }
}

// With the one import in the place of each that a function of ours stands for.
void Preparation::put_one_import() {
  Bytes section;
  put_u32(section, static_cast<std::uint32_t>(binary_.imports.size()) + imports_.count);
  std::uint32_t function = 0;
  for (const Import& import : binary_.imports) {
    const bool kept = at_.code.in_place[function++] == CodePlan::kKept;
    put_name(section, kept ? std::string_view(import.module) : kOneImportModule);
    put_name(section, kept ? std::string_view(import.name) : kOneImportName);
    section.push_back(static_cast<std::uint8_t>(ExternKind::kFunc));
    put_u32(section, kept ? import.type : at_.one_type);
  }
  put_bytes(section, imports_.bytes);
  put_section(out_.wasm, static_cast<std::uint8_t>(SectionId::kImport), section);
}

void Preparation::put_extended(SectionId id, ByteView old, const Additions& extra) {
  Reader reader(old);
  const std::uint32_t count = old.empty() ? 0 : reader.u32();
  Bytes section;
  section.reserve(old.size() + extra.bytes.size() + 5);
  put_u32(section, count + extra.count);
  put_bytes(section, old.subspan(reader.position()));
  put_bytes(section, extra.bytes);
  put_section(out_.wasm, static_cast<std::uint8_t>(id), section);
}

void Preparation::copy(SectionId id, const Additions& extra) {
  const Section* section = find(id);
  if (extra.count != 0) {
    put_extended(id, section == nullptr ? ByteView{} : contents(*section), extra);
  } else if (section != nullptr) {
    put_section(out_.wasm, section->id, contents(*section));
  }
}

Status Preparation::copy_renumbered(SectionId id, const Additions& extra, Renumber renumber) {
  const Section* section = find(id);
  if (!moves_functions() || section == nullptr) {
    copy(id, extra);
    return Done{};
  }
  FERRY_TRY(Bytes changed, renumber(contents(*section), section->offset, at_.code));
  put_extended(id, changed, extra);
  return Done{};
}

// A name with several types gets one name for each: engines bind one type to a name.
void Preparation::copy_imports() {
  if (!at_.code.in_place.empty()) {
    put_one_import();  // a lowered component imports nothing of preview 1
    return;
  }
  const Section* section = find(SectionId::kImport);
  if (section == nullptr) {
    copy(SectionId::kImport, imports_);
    return;
  }
  const std::size_t start = section->offset;
  Bytes renamed;
  Edit edit(contents(*section), renamed);
  for (const Import& import : binary_.imports) {
    if (import.kind != ExternKind::kFunc || import.module != kWasiModule) continue;
    const WasiName* call = find_wasi_call(import.name, binary_.types[import.type]);
    if (call == nullptr || call->bound.empty()) continue;
    put_name(edit.replace(import.name_begin - start, import.name_end - start), call->bound);
  }
  if (!edit.touched()) {
    copy(SectionId::kImport, imports_);
    return;
  }
  edit.finish();
  put_extended(SectionId::kImport, renamed, imports_);
}

Status Preparation::copy_elements() {
  return copy_renumbered(SectionId::kElement, {},
                         [](ByteView old, std::size_t offset, const CodePlan& plan) {
                           return renumber_elements(old, offset, plan, nullptr);
                         });
}

Status Preparation::read_code() {
  const Section* section = find(SectionId::kCode);
  if (section == nullptr && bodies_.count == 0) {
    return Done{};
  }
  put_u32(code_, static_cast<std::uint32_t>(binary_.functions.size()) + bodies_.count);
  if (section != nullptr) {
    code_.reserve(section->size + section->size / (options_.poll ? 2 : 64) + 256);
    FERRY_CHECK_OK(
        walk_code(contents(*section), section->offset, binary_, at_.code, out_.facts, code_));
  }
  put_bytes(code_, bodies_.bytes);
  return Done{};
}

void Preparation::copy_code() {
  if (!code_.empty()) {
    put_section(out_.wasm, static_cast<std::uint8_t>(SectionId::kCode), code_);
  }
}

// Of the custom sections only the names of functions, written anew: the others mean nothing to an
// engine, and some engines' readers fail on one that is malformed.
void Preparation::put_names() {
  CodePlan plan = at_.code;
  plan.in_place.clear();  // names are in the order of indices, and imports keep theirs
  put_function_names(out_.wasm, read_function_names(wasm_, binary_), plan);
}

Result<Prepared> Preparation::run() {
  FERRY_CHECK_OK(check_module(binary_));
  FERRY_CHECK_OK(note_sections(wasm_, binary_, out_.facts));
  FERRY_TRY(first_, calculate_first_values(wasm_, binary_));
  out_.facts.traps_at_start = first_.trap != StartTrap::kNone;
  plan();
  FERRY_CHECK_OK(read_code());
  out_.wasm.reserve(wasm_.size() + wasm_.size() / (options_.poll ? 2 : 32) + 1024);
  put_bytes(out_.wasm, {0, 'a', 's', 'm', 1, 0, 0, 0});
  copy(SectionId::kType, types_);
  copy_imports();
  copy(SectionId::kFunction, functions_);
  copy(SectionId::kTable, {});
  copy(SectionId::kMemory, {});
  copy(SectionId::kTag, {});
  FERRY_CHECK_OK(copy_renumbered(SectionId::kGlobal, globals_, renumber_globals));
  FERRY_CHECK_OK(copy_renumbered(SectionId::kExport, exports_, renumber_exports));
  FERRY_CHECK_OK(copy_elements());
  if (out_.facts.uses_bulk_memory) {  // else it is a marker, which older readers refuse
    copy(SectionId::kDataCount, {});
  }
  copy_code();
  copy(SectionId::kData, {});
  put_names();
  FERRY_CHECK_OK(check_facts(out_.facts));
  return std::move(out_);
}

}  // namespace

Result<Prepared> prepare(ByteView wasm, const Binary& binary, const PrepareOptions& options) {
  return Preparation(wasm, binary, options).run();
}

}  // namespace ferry::wasm
