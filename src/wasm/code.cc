#include "wasm/code.h"

#include <algorithm>

#include <fmt/format.h>

#include "wasm/instruction.h"
#include "wasm/module_edit.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

constexpr std::int64_t kHeapExtern = -17;       // externref as a block's or a null's type
constexpr std::uint32_t kFirstRelaxed = 0x100;  // the vector instructions from here on

void note_misc(const Instruction& at, CodeFacts& facts) {
  if (at.sub <= 7) {
    facts.uses_saturating_float_to_int = true;
    return;
  }
  if (at.sub <= 14) {
    facts.uses_bulk_memory = true;
  } else {
    facts.uses_reference_types = true;  // table.grow, table.size, table.fill
  }
  facts.drops_data |= at.sub == 9;
  facts.writes_tables |= at.sub >= 12 && at.sub != 16;  // all but table.size
  const bool names_tables = at.sub == 12 || at.sub == 14;
  facts.uses_reference_types |= names_tables && (at.second != 0 || (at.sub == 14 && at.index != 0));
}

void note(const Instruction& at, const Binary& binary, CodeFacts& facts) {
  switch (at.opcode) {
    case op::kBlock:
    case op::kLoop:
    case op::kIf:
      facts.uses_externref |= at.block_type == kHeapExtern;
      if (at.block_type >= 0 && static_cast<std::size_t>(at.block_type) < binary.types.size()) {
        const FuncType& type = binary.types[static_cast<std::size_t>(at.block_type)];
        facts.uses_multi_value |= !type.params.empty() || type.results.size() > 1;
      }
      return;
    case 0x06:  // try, catch, rethrow, delegate, catch_all
    case 0x07:
    case 0x09:
    case 0x18:
    case 0x19:
      facts.uses_legacy_exceptions = true;
      return;
    case 0x08:  // throw, throw_ref, try_table
    case 0x0A:
    case 0x1F:
      facts.uses_exceptions = true;
      return;
    case op::kCallIndirect:
    case op::kReturnCallIndirect:
      facts.uses_tail_calls |= at.opcode == op::kReturnCallIndirect;
      // Table 0 written in more bytes than one is still table 0: LLVM does so for its linker, and
      // walk_body() writes the older form.
      facts.uses_reference_types |= at.second != 0;
      return;
    case op::kReturnCall:
      facts.uses_tail_calls = true;
      return;
    case op::kMemoryGrow:
      facts.grows_memory = true;
      return;
    case 0x26:  // table.set
      facts.writes_tables = true;
      facts.uses_reference_types = true;
      return;
    case 0x1C:  // select with types, table.get, ref.null, ref.is_null, ref.func
    case 0x25:
    case 0xD0:
    case 0xD1:
    case 0xD2:
      facts.uses_reference_types = true;
      facts.uses_externref |= at.block_type == kHeapExtern;
      return;
    case 0xC0:
    case 0xC1:
    case 0xC2:
    case 0xC3:
    case 0xC4:
      facts.uses_sign_extension = true;
      return;
    case op::kPrefixMisc:
      note_misc(at, facts);
      return;
    case op::kPrefixSimd:
      facts.uses_simd = true;
      facts.uses_relaxed_simd |= at.sub >= kFirstRelaxed;
      return;
    case op::kPrefixThreads:
      facts.uses_threads = true;
      return;
    default:
      return;
  }
}

// The budget is counted down; at zero the helper calls the host and fills it up again. Leaves the
// stack as it was, so it may stand anywhere.
void put_poll(Bytes& out, const CodePlan& plan) {
  out.push_back(0x23);  // global.get
  put_u32(out, plan.poll_global);
  put_bytes(out, {0x45, 0x04, 0x40});  // i32.eqz, if
  out.push_back(op::kCall);
  put_u32(out, plan.poll_function);
  out.push_back(op::kEnd);
  out.push_back(0x23);
  put_u32(out, plan.poll_global);
  put_bytes(out, {0x41, 0x01, 0x6B, 0x24});  // i32.const 1, i32.sub, global.set
  put_u32(out, plan.poll_global);
}

void read_locals(Reader& reader, CodeFacts& facts) {
  std::uint64_t total = 0;
  std::uint32_t groups = reader.count("groups of locals", kMaxLocals);
  for (std::uint32_t i = 0; i < groups && reader.ok(); ++i) {
    total += reader.u32();
    ValType type = read_val_type(reader);
    facts.uses_simd |= type == ValType::kV128;
    facts.uses_reference_types |= type == ValType::kFuncref || type == ValType::kExternref;
    facts.uses_externref |= type == ValType::kExternref;
    if (reader.ok() && total > kMaxLocals) {
      reader.fail(fmt::format("more than {} locals in a function", kMaxLocals));
    }
  }
}

// Reads the body of `function` and writes it into `edit` with what the plan changes.
void walk_body(Reader& reader, const Binary& binary, const CodePlan& plan, std::uint32_t function,
               CodeFacts& facts, Edit& edit) {
  read_locals(reader, facts);
  if (std::ranges::binary_search(plan.trapping, function) && reader.ok()) {
    edit.replace(reader.position(), reader.position()).push_back(op::kUnreachable);
  }
  if (plan.poll && reader.ok()) {
    put_poll(edit.replace(reader.position(), reader.position()), plan);
  }
  std::size_t depth = 1;
  while (depth > 0 && reader.ok()) {
    const std::size_t where = reader.offset();
    Instruction at = read_instruction(reader);
    if (!reader.ok()) {
      return;
    }
    note(at, binary, facts);
    switch (at.opcode) {
      case op::kLoop:
        ++depth;
        if (plan.poll) {
          put_poll(edit.replace(at.end, at.end), plan);
        }
        break;
      case op::kBlock:
      case op::kIf:
      case op::kTry:
      case op::kTryTable:
        ++depth;
        break;
      case op::kEnd:
      case op::kDelegate:
        --depth;
        break;
      case op::kMemoryGrow:
        if (at.index != 0 || binary.memories.empty()) {
          reader.fail_at(where,
                         fmt::format("memory.grow of memory {}, which there is not", at.index));
        } else if (plan.rewrite && !plan.keep_grow) {
          Bytes& out = edit.replace(at.begin, at.end);
          out.push_back(op::kCall);
          put_u32(out, plan.grow);
        }
        break;
      case op::kCallIndirect:
      case op::kReturnCallIndirect:
        if (plan.rewrite && at.second == 0 && at.end - at.second_begin > 1) {
          edit.replace(at.second_begin, at.end).push_back(0);
        }
        break;
      case op::kCall:
      case op::kReturnCall:
      case op::kRefFunc:
        if (plan.calls != nullptr) {
          plan.calls->emplace_back(function, at.index);
        }
        if (plan.rewrite && at.index == plan.redirect_from && at.opcode != op::kRefFunc) {
          put_u32(edit.replace(at.begin + 1, at.end), plan.redirect_to);
        } else if (plan.rewrite && moved(plan, at.index) != at.index) {
          Bytes& out = edit.replace(at.begin + 1, at.end);
          put_u32(out, moved(plan, at.index));
        }
        break;
      default:
        break;
    }
  }
  if (reader.ok() && !reader.done()) {
    reader.fail(fmt::format("{} bytes behind the end of a function", reader.left()));
  }
}

}  // namespace

Status walk_code(ByteView contents, std::size_t offset, const Binary& binary, const CodePlan& plan,
                 CodeFacts& facts, Bytes& out) {
  Reader reader(contents, offset);
  Bytes scratch;
  const std::uint32_t imported = imported_functions(binary);
  std::uint32_t count = reader.count("function bodies", kMaxFunctions);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::size_t begin = reader.position();
    std::uint32_t size = reader.u32();
    const std::size_t body_offset = reader.offset();
    ByteView body = reader.bytes(size);
    if (!reader.ok()) {
      break;
    }
    scratch.clear();
    Edit edit(body, scratch);
    Reader inside(body, body_offset);
    walk_body(inside, binary, plan, imported + i, facts, edit);
    if (!inside.ok()) {
      return inside.error();
    }
    if (!plan.rewrite) {
      continue;
    }
    if (edit.touched()) {
      edit.finish();
      put_u32(out, static_cast<std::uint32_t>(scratch.size()));
      put_bytes(out, scratch);
    } else {
      put_bytes(out, contents.subspan(begin, reader.position() - begin));
    }
  }
  if (reader.ok() && !reader.done()) {
    reader.fail(fmt::format("{} bytes too many in section 10", reader.left()));
  }
  if (!reader.ok()) {
    return reader.error();
  }
  return Done{};
}

}  // namespace ferry::wasm
