#include "snapshot/image.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "wasm/const_expr.h"
#include "wasm/entry_export.h"
#include "wasm/instruction.h"
#include "wasm/module_edit.h"

namespace ferry::snapshot {
namespace {

namespace op = wasm::op;

constexpr std::uint8_t kNoResult = 0x40;

// Runs shorter than this are not worth a segment of their own.
constexpr std::size_t kGap = 4096;

Error cannot(std::string message, std::string hint = "") {
  return {Code::kUnsupported, std::move(message), std::move(hint)};
}

std::optional<std::uint32_t> find_import(const wasm::Binary& binary, std::string_view name,
                                         std::string_view module = "wasi_snapshot_preview1") {
  std::uint32_t index = 0;
  for (const wasm::Import& import : binary.imports) {
    if (import.kind != wasm::ExternKind::kFunc) {
      continue;
    }
    if (import.module == module && import.name == name) {
      return index;
    }
    ++index;
  }
  return std::nullopt;
}

// fd_read(fd, iovs, iovs_len, nread) -> errno
Result<std::uint32_t> find_read(const wasm::Binary& binary) {
  if (auto index = find_import(binary, "fd_read")) {
    return *index;
  }
  return cannot("it never reads stdin (it does not import fd_read)");
}

wasm::FuncType read_type() {
  return {std::vector<wasm::ValType>(4, wasm::ValType::kI32), {wasm::ValType::kI32}};
}

void put(Bytes& out, std::uint8_t opcode, std::uint32_t index) {
  out.push_back(opcode);
  wasm::put_u32(out, index);
}

void put_const(Bytes& out, std::int32_t value) {
  out.push_back(op::kI32Const);
  wasm::put_s64(out, value);
}

void put_forward(Bytes& out, std::uint32_t read) {
  for (std::uint8_t i = 0; i < 4; ++i) {
    wasm::put_bytes(out, {op::kLocalGet, i});
  }
  put(out, op::kCall, read);
}

// if rewinding: back to normal, zero what the stack was kept in (a guest may take memory that is
//   grown to be zero), and read;
// if this is the first read of stdin: grow, tell asyncify where to put the stack, unwind;
// else read.
Bytes unwinding_read_body(std::uint32_t read, const UnwindGlobals& at, std::uint32_t pages) {
  constexpr std::uint8_t kAt = 4;                                    // a local
  Bytes out = {1, 1, 0x7F};                                          // one local: i32
  put(out, op::kGlobalGet, at.state);                                // state == 2?
  put_const(out, 2);                                                 //
  wasm::put_bytes(out, {0x46, op::kIf, kNoResult});                  // i32.eq, if
  put_const(out, 0);                                                 //
  put(out, op::kGlobalSet, at.state);                                //   state = 0
  put(out, op::kGlobalGet, at.length);                               //
  wasm::put_bytes(out, {op::kLocalSet, kAt, op::kLoop, kNoResult});  // at = length, loop
  wasm::put_bytes(out, {op::kLocalGet, kAt, op::kIf, kNoResult});    //   if at != 0
  wasm::put_bytes(out, {op::kLocalGet, kAt});                        //
  put_const(out, 8);                                                 //
  wasm::put_bytes(out, {0x6B, op::kLocalTee, kAt});                  //     at -= 8
  put(out, op::kGlobalGet, at.area);                                 //
  wasm::put_bytes(out, {0x6A, 0x42, 0, op::kI64Store, 3, 0});        //     store 0 at area + at
  wasm::put_bytes(out, {0x0C, 1, op::kEnd, op::kEnd, op::kEnd});     //     again; end if, loop, if
  wasm::put_bytes(out, {op::kLocalGet, 0, 0x45});                    // fd == 0
  put(out, op::kGlobalGet, at.phase);                                //
  wasm::put_bytes(out, {0x45, 0x71, op::kIf, kNoResult});            // and phase == 0: if
  put_const(out, 1);                                                 //
  put(out, op::kGlobalSet, at.phase);                                //   phase = 1
  put_const(out, static_cast<std::int32_t>(pages));                  //
  wasm::put_bytes(out, {op::kMemoryGrow, 0, op::kLocalTee, kAt});    //   grow
  put_const(out, -1);                                                //
  wasm::put_bytes(out, {0x47, op::kIf, kNoResult, op::kLocalGet, kAt});  //   if that went well
  put_const(out, 16);                                                    //
  wasm::put_bytes(out, {0x74, op::kLocalTee, kAt});                //     its address (i32.shl)
  put(out, op::kGlobalSet, at.area);                               //
  wasm::put_bytes(out, {op::kLocalGet, kAt, op::kLocalGet, kAt});  //
  put_const(out, 8);                                               //
  wasm::put_bytes(out, {0x6A, op::kI32Store, 2, 0});               //     [area] = area + 8
  wasm::put_bytes(out, {op::kLocalGet, kAt, op::kLocalGet, kAt});  //
  put_const(out, static_cast<std::int32_t>(pages << 16));          //
  wasm::put_bytes(out, {0x6A, op::kI32Store, 2, 4});               //     [area + 4] = its end
  wasm::put_bytes(out, {op::kLocalGet, kAt});                      //
  put(out, op::kGlobalSet, at.data);                               //     data = area
  put_const(out, 1);                                               //
  put(out, op::kGlobalSet, at.state);                              //     state = 1: unwind
  put_const(out, 0);                                               //
  wasm::put_bytes(out, {op::kReturn, op::kEnd, op::kEnd});         //
  put_forward(out, read);
  out.push_back(op::kEnd);
  return out;
}

// Replaces the initial values of mutable number globals.
Result<Bytes> globals_section(ByteView wasm, const wasm::Binary& binary, const Baked& baked) {
  std::uint32_t imported = 0;
  for (const wasm::Import& import : binary.imports) {
    imported += import.kind == wasm::ExternKind::kGlobal ? 1 : 0;
  }
  for (const wasm::Section& section : binary.sections) {
    if (section.id != static_cast<std::uint8_t>(wasm::SectionId::kGlobal)) {
      continue;
    }
    ByteView contents = wasm.subspan(section.offset, section.size);
    wasm::Reader reader(contents, section.offset);
    Bytes out;
    std::uint32_t count = reader.u32();
    wasm::put_u32(out, count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      std::size_t begin = reader.position();
      wasm::GlobalType type = wasm::read_global_type(reader);
      std::size_t value = reader.position();
      wasm::walk_const_expr(reader, nullptr);
      auto kind = static_cast<std::uint8_t>(type.type);
      if (!type.is_mutable || kind < 0x7C) {
        wasm::put_bytes(out, contents.subspan(begin, reader.position() - begin));
        continue;
      }
      wasm::put_bytes(out, contents.subspan(begin, value - begin));
      std::uint64_t bits = baked.globals.at(imported + i);
      if (type.type == wasm::ValType::kI32) {
        put_const(out, static_cast<std::int32_t>(bits));
      } else if (type.type == wasm::ValType::kI64) {
        out.push_back(0x42);
        wasm::put_s64(out, static_cast<std::int64_t>(bits));
      } else {
        out.push_back(type.type == wasm::ValType::kF32 ? 0x43 : 0x44);
        for (unsigned byte = 0; byte < (type.type == wasm::ValType::kF32 ? 4u : 8u); ++byte) {
          out.push_back(static_cast<std::uint8_t>(bits >> (8 * byte)));
        }
      }
      out.push_back(op::kEnd);
    }
    if (!reader.ok()) {
      return reader.error();
    }
    return out;
  }
  return Bytes{};
}

// The non-zero parts of memory, as active segments; `count` says how many.
Bytes data_section(ByteView memory, std::uint32_t& count) {
  Bytes segments;
  count = 0;
  std::size_t at = 0;
  auto zero = [&](std::size_t i) { return memory[i] == 0; };
  while (at < memory.size()) {
    while (at < memory.size() && zero(at)) {
      ++at;
    }
    if (at == memory.size()) {
      break;
    }
    std::size_t end = at + 1;  // behind the last byte that is not zero
    for (std::size_t i = end; i < memory.size() && i - end < kGap; ++i) {
      if (!zero(i)) {
        end = i + 1;
      }
    }
    segments.push_back(0);
    put_const(segments, static_cast<std::int32_t>(static_cast<std::uint32_t>(at)));
    segments.push_back(op::kEnd);
    wasm::put_u32(segments, static_cast<std::uint32_t>(end - at));
    wasm::put_bytes(segments, memory.subspan(at, end - at));
    ++count;
    at = end;
  }
  Bytes out;
  wasm::put_u32(out, count);
  wasm::put_bytes(out, segments);
  return out;
}

Bytes memory_section(const wasm::MemoryType& memory, std::size_t size) {
  Bytes out = {1, std::uint8_t(memory.maximum ? 1 : 0)};
  wasm::put_u32(out, static_cast<std::uint32_t>(size >> 16));
  if (memory.maximum) {
    wasm::put_u32(out,
                  static_cast<std::uint32_t>(std::max<std::uint64_t>(*memory.maximum, size >> 16)));
  }
  return out;
}

// `start` takes the place of the export that a start-up ends with, _start or _initialize; without
// it a reactor needs no _initialize any more.
Bytes exports_section(const wasm::Binary& binary, bool rewinds,
                      std::optional<std::uint32_t> start) {
  Bytes entries;
  std::uint32_t count = 0;
  for (const wasm::Export& each : binary.exports) {
    const bool entry =
        each.kind == wasm::ExternKind::kFunc && each.name == (rewinds ? "_start" : "_initialize");
    if (each.name.starts_with("asyncify_") || (each.name == "_initialize" && !(entry && start))) {
      continue;
    }
    wasm::put_name(entries, each.name);
    entries.push_back(static_cast<std::uint8_t>(each.kind));
    wasm::put_u32(entries, entry && start ? *start : each.index);
    ++count;
  }
  Bytes out;
  wasm::put_u32(out, count);
  wasm::put_bytes(out, entries);
  return out;
}

// if random_get(at, size) != 0: unreachable; …; i32.store value at; …
Result<Bytes> redraw_body(const wasm::Binary& binary, const Baked& baked) {
  Bytes out = {0};
  if (baked.redraws.empty()) {
    return out;
  }
  auto random = find_import(binary, "random_get");
  if (!random) random = find_import(binary, "random_get", wasm::kAbiModule);  // a component
  if (!random) {
    return cannot("it does not import random_get, and is to draw anew");
  }
  for (const Redraw& each : baked.redraws) {
    if (each.at > baked.memory.size() || each.size > baked.memory.size() - each.at) {
      return cannot("what is to be drawn anew lies outside its memory");
    }
    put_const(out, static_cast<std::int32_t>(each.at));
    put_const(out, static_cast<std::int32_t>(each.size));
    put(out, op::kCall, *random);
    wasm::put_bytes(out, {op::kIf, kNoResult, op::kUnreachable, op::kEnd});
  }
  for (const Word& each : baked.words) {
    if (each.at > baked.memory.size() || baked.memory.size() - each.at < 4) {
      return cannot("what is to be set lies outside its memory");
    }
    put_const(out, static_cast<std::int32_t>(each.at));
    put_const(out, each.value);
    wasm::put_bytes(out, {op::kI32Store, 0, 0});
  }
  return out;
}

Status add_trapping_read(const wasm::Binary& binary, wasm::ModuleEdit& edit) {
  FERRY_TRY(std::uint32_t read, find_read(binary));
  Bytes body = {0,         op::kLocalGet,    0,       0x45, op::kIf,
                kNoResult, op::kUnreachable, op::kEnd};  // if fd == 0
  put_forward(body, read);
  body.push_back(op::kEnd);
  edit.redirect(read, edit.add_function(edit.add_type(read_type()), body));
  edit.drop_custom("name");  // so that the backtrace speaks of indices
  return Done{};
}

Bytes handles_section(const Baked& baked) {
  Bytes out;
  wasm::put_u32(out, static_cast<std::uint32_t>(baked.left_handles.size()));
  for (const wasm::LeftHandle& each : baked.left_handles) {
    for (const std::uint32_t number : {each.handle, each.kind, each.parent}) {
      wasm::put_u32(out, number);
    }
  }
  return out;
}

// Passive segments are the code's to place; a baked module has none.
Status check_segments(ByteView wasm, const wasm::Binary& binary) {
  for (const wasm::Section& section : binary.sections) {
    if (section.id != static_cast<std::uint8_t>(wasm::SectionId::kData)) {
      continue;
    }
    wasm::Reader reader(wasm.subspan(section.offset, section.size), section.offset);
    for (std::uint32_t left = reader.u32(); left > 0 && reader.ok(); --left) {
      std::uint32_t flags = reader.u32();
      if (flags == 1) {
        return cannot("it has passive data segments", "link without shared memory or threads");
      }
      if (flags == 2) {
        reader.u32();
      }
      wasm::walk_const_expr(reader, nullptr);
      reader.skip(reader.u32());
    }
    if (!reader.ok()) {
      return reader.error();
    }
  }
  return Done{};
}

}  // namespace

Result<Bytes> trap_at_first_read(ByteView wasm, const wasm::Binary& binary,
                                 const std::vector<std::uint32_t>& trapping) {
  wasm::ModuleEdit edit(wasm, binary);
  edit.trap_in(trapping);
  FERRY_CHECK_OK(add_trapping_read(binary, edit));
  return edit.finish();
}

Result<Bytes> count_at_first_read(ByteView wasm, const wasm::Binary& binary,
                                  std::uint32_t& first_counter) {
  wasm::ModuleEdit edit(wasm, binary);
  FERRY_CHECK_OK(add_trapping_read(binary, edit));
  first_counter = edit.count_activations();
  return edit.finish();
}

UnwindGlobals unwind_globals(std::uint32_t first_async_global) {
  return {first_async_global, first_async_global + 1, first_async_global + 2,
          first_async_global + 3, first_async_global + 4};
}

Result<Bytes> unwind_at_first_read(ByteView wasm, const wasm::Binary& binary,
                                   std::uint32_t first_async_global, std::uint32_t pages) {
  FERRY_TRY(std::uint32_t read, find_read(binary));
  if (binary.globals.size() != first_async_global + 2 ||
      binary.find_export("asyncify_stop_unwind", wasm::ExternKind::kFunc) == nullptr) {
    return Error{Code::kInternal, "asyncify did not add what it is known to add", ""};
  }
  wasm::ModuleEdit edit(wasm, binary);
  UnwindGlobals at = unwind_globals(first_async_global);
  edit.add_global_i32(0);  // phase
  edit.add_global_i32(0);  // area
  edit.add_global_i32(0);  // length
  edit.redirect(
      read, edit.add_function(edit.add_type(read_type()), unwinding_read_body(read, at, pages)));
  return edit.finish();
}

Result<Bytes> bake(ByteView wasm, const wasm::Binary& binary, const Baked& baked) {
  FERRY_CHECK_OK(check_segments(wasm, binary));
  if (binary.memories.size() != 1 || baked.globals.size() != binary.globals.size()) {
    return cannot("it does not have exactly one memory");
  }
  wasm::ModuleEdit edit(wasm, binary);
  std::optional<std::uint32_t> start;
  FERRY_TRY(Bytes body, redraw_body(binary, baked));
  if (baked.rewinds) {
    const wasm::Export* entry = binary.find_export("_start", wasm::ExternKind::kFunc);
    if (entry == nullptr) {
      return cannot("it has no _start");
    }
    put_const(body, 2);
    put(body, op::kGlobalSet, baked.unwind.state);  // rewind
    put(body, op::kCall, entry->index);
  }
  if (baked.rewinds || !baked.redraws.empty()) {
    body.push_back(op::kEnd);
    start = edit.add_function(edit.add_type(wasm::FuncType{}), body);
  }
  FERRY_TRY(Bytes globals, globals_section(wasm, binary, baked));
  std::uint32_t segments = 0;
  Bytes data = data_section(baked.memory, segments);
  edit.replace(wasm::SectionId::kGlobal, std::move(globals));
  edit.replace(wasm::SectionId::kMemory, memory_section(binary.memories[0], baked.memory.size()));
  edit.replace(wasm::SectionId::kExport, exports_section(binary, baked.rewinds, start));
  edit.replace(wasm::SectionId::kStart, {});
  edit.replace(wasm::SectionId::kDataCount, {});
  edit.replace(wasm::SectionId::kData, std::move(data));
  edit.add_custom(kSnapshotSection, baked.note);
  edit.drop_custom(wasm::kHandlesSection);
  if (!baked.left_handles.empty()) {
    edit.add_custom(wasm::kHandlesSection, std::string(as_text(handles_section(baked))));
  }
  return edit.finish();
}

}  // namespace ferry::snapshot
