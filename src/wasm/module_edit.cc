#include "wasm/module_edit.h"

#include <algorithm>

namespace ferry::wasm {

std::uint32_t ModuleEdit::add_type(const FuncType& type) {
  auto found = std::ranges::find(binary_.types, type);
  if (found != binary_.types.end()) {
    return static_cast<std::uint32_t>(found - binary_.types.begin());
  }
  types_.bytes.push_back(0x60);
  for (const auto* values : {&type.params, &type.results}) {
    put_u32(types_.bytes, static_cast<std::uint32_t>(values->size()));
    for (ValType value : *values) {
      types_.bytes.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return static_cast<std::uint32_t>(binary_.types.size()) + types_.count++;
}

std::uint32_t ModuleEdit::add_function(std::uint32_t type, const Bytes& body) {
  put_u32(functions_.bytes, type);
  put_u32(bodies_.bytes, static_cast<std::uint32_t>(body.size()));
  put_bytes(bodies_.bytes, body);
  ++bodies_.count;
  return imported_functions(binary_) + static_cast<std::uint32_t>(binary_.functions.size()) +
         functions_.count++;
}

std::uint32_t ModuleEdit::add_global_i32(std::int32_t value) {
  put_bytes(globals_.bytes, {0x7F, 1, 0x41});
  put_s64(globals_.bytes, value);
  globals_.bytes.push_back(0x0B);
  return static_cast<std::uint32_t>(binary_.globals.size()) + globals_.count++;
}

void ModuleEdit::add_custom(std::string_view name, std::string_view text) {
  Bytes section;
  put_name(section, name);
  put_bytes(section, as_bytes(text));
  put_section(customs_, 0, section);
}

void ModuleEdit::redirect(std::uint32_t from, std::uint32_t to) {
  code_.redirect_from = from;
  code_.redirect_to = to;
}

void ModuleEdit::trap_in(std::vector<std::uint32_t> functions) {
  std::ranges::sort(functions);
  code_.trapping = std::move(functions);
}

std::uint32_t ModuleEdit::count_activations() {
  const auto first = static_cast<std::uint32_t>(binary_.globals.size()) + globals_.count;
  for (std::size_t i = 0; i < binary_.functions.size(); ++i) {
    add_global_i32(0);
  }
  counters_ = first;
  return first;
}

// In the place of each function: count up, call it where it is now, count down.
Bytes ModuleEdit::counting_bodies() const {
  const std::uint32_t moved = imported_functions(binary_) +
                              static_cast<std::uint32_t>(binary_.functions.size()) + bodies_.count;
  auto put_count = [](Bytes& body, std::uint32_t global, std::uint8_t add_or_sub) {
    body.push_back(0x23);  // global.get
    put_u32(body, global);
    put_bytes(body, {0x41, 1, add_or_sub, 0x24});  // i32.const 1, add or sub, global.set
    put_u32(body, global);
  };
  Bytes out;
  for (std::uint32_t i = 0; i < binary_.functions.size(); ++i) {
    Bytes body = {0};
    put_count(body, *counters_ + i, 0x6A);
    const FuncType& type = binary_.types.at(binary_.functions[i]);
    for (std::uint32_t param = 0; param < type.params.size(); ++param) {
      body.push_back(0x20);  // local.get
      put_u32(body, param);
    }
    body.push_back(0x10);  // call
    put_u32(body, moved + i);
    put_count(body, *counters_ + i, 0x6B);
    body.push_back(0x0B);
    put_u32(out, static_cast<std::uint32_t>(body.size()));
    put_bytes(out, body);
  }
  return out;
}

void ModuleEdit::copy(SectionId id, const Additions& extra, Bytes& out) const {
  ByteView old;
  auto replacement = replaced_.find(id);
  if (replacement != replaced_.end()) {
    old = replacement->second;
  } else {
    for (const Section& section : binary_.sections) {
      if (section.id == static_cast<std::uint8_t>(id)) {
        old = wasm_.subspan(section.offset, section.size);
      }
    }
  }
  if (old.empty() && extra.count == 0) {
    return;
  }
  Reader reader(old);
  Bytes section;
  if (extra.count == 0) {
    put_bytes(section, old);
  } else {
    put_u32(section, (old.empty() ? 0 : reader.u32()) + extra.count);
    put_bytes(section, old.subspan(reader.position()));
    put_bytes(section, extra.bytes);
  }
  put_section(out, static_cast<std::uint8_t>(id), section);
}

Status ModuleEdit::copy_code(Bytes& out) {
  Bytes code;
  const auto own = static_cast<std::uint32_t>(binary_.functions.size());
  put_u32(code, own + bodies_.count + (counters_ ? own : 0));
  if (counters_) {
    put_bytes(code, counting_bodies());
    put_bytes(code, bodies_.bytes);
  }
  code_.rewrite = true;
  code_.keep_grow = true;
  for (const Section& section : binary_.sections) {
    if (section.id == static_cast<std::uint8_t>(SectionId::kCode)) {
      CodeFacts facts;
      FERRY_CHECK_OK(walk_code(wasm_.subspan(section.offset, section.size), section.offset, binary_,
                               code_, facts, code));
    }
  }
  if (!counters_) {
    put_bytes(code, bodies_.bytes);
  }
  if (!binary_.functions.empty() || bodies_.count != 0) {
    put_section(out, static_cast<std::uint8_t>(SectionId::kCode), code);
  }
  return Done{};
}

Result<Bytes> ModuleEdit::finish() {
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  out.reserve(wasm_.size() + wasm_.size() / 32 + 4096);
  copy(SectionId::kType, types_, out);
  copy(SectionId::kImport, {}, out);
  Additions functions = functions_;
  for (std::size_t i = 0; counters_ && i < binary_.functions.size(); ++i) {
    put_u32(functions.bytes, binary_.functions[i]);
    ++functions.count;
  }
  copy(SectionId::kFunction, functions, out);
  copy(SectionId::kTable, {}, out);
  copy(SectionId::kMemory, {}, out);
  copy(SectionId::kGlobal, globals_, out);
  copy(SectionId::kExport, {}, out);
  copy(SectionId::kStart, {}, out);
  copy(SectionId::kElement, {}, out);
  copy(SectionId::kDataCount, {}, out);
  FERRY_CHECK_OK(copy_code(out));
  copy(SectionId::kData, {}, out);
  for (const Section& section : binary_.sections) {
    if (section.id == 0 && (dropped_.empty() || section.name != dropped_)) {
      put_section(out, 0, wasm_.subspan(section.offset, section.size));
    }
  }
  put_bytes(out, customs_);
  return out;
}

}  // namespace ferry::wasm
