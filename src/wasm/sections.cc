#include "wasm/sections.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "wasm/const_expr.h"
#include "wasm/toolchain.h"

namespace ferry::wasm {
namespace {

constexpr std::string_view kGc = "garbage-collected types (the GC proposal)";
constexpr std::string_view kWithoutGc =
    "build for linear memory: languages that need the GC proposal (Kotlin, Dart, Java) do not run "
    "here";

// Where a section is in the order that the standard asks for; 0: there is no such section.
unsigned rank(std::uint8_t id) {
  static constexpr std::uint8_t kOrder[] = {1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11};
  const auto* found = std::find(std::begin(kOrder), std::end(kOrder), id);
  return found == std::end(kOrder) ? 0 : static_cast<unsigned>(found - kOrder) + 1;
}

void read_types(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("types", kMaxTypes);
  binary.types.reserve(count);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::size_t start = reader.offset();
    std::uint8_t form = reader.byte();
    if (form >= 0x4E && form < 0x60 && reader.ok()) {  // groups, subtypes, structures, arrays
      reader.fail_unsupported(start, kGc, kWithoutGc);
      return;
    }
    if (form != 0x60 && reader.ok()) {
      reader.fail_at(start, fmt::format("unknown type form 0x{:02x}", form));
      return;
    }
    FuncType type;
    std::uint32_t params = reader.count("parameters", kMaxParams);
    for (std::uint32_t p = 0; p < params && reader.ok(); ++p) {
      type.params.push_back(read_val_type(reader));
    }
    std::uint32_t results = reader.count("results", kMaxResults);
    for (std::uint32_t r = 0; r < results && reader.ok(); ++r) {
      type.results.push_back(read_val_type(reader));
    }
    binary.types.push_back(std::move(type));
  }
}

std::uint32_t read_type_index(Reader& reader, const Binary& binary) {
  const std::size_t start = reader.offset();
  std::uint32_t type = reader.u32();
  if (reader.ok() && type >= binary.types.size()) {
    reader.fail_at(start, fmt::format("type {} of {}", type, binary.types.size()));
  }
  return type;
}

void read_imports(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("imports", kMaxImports);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    Import import;
    import.module = reader.name();
    import.name_begin = reader.offset();
    import.name = reader.name();
    const std::size_t start = import.name_end = reader.offset();
    std::uint8_t kind = reader.byte();
    import.kind = static_cast<ExternKind>(kind);
    switch (kind) {
      case 0:
        import.type = read_type_index(reader, binary);
        break;
      case 1:
        binary.tables.push_back(read_table_type(reader));
        break;
      case 2:
        binary.memories.push_back(read_memory_type(reader));
        break;
      case 3:
        binary.globals.push_back(read_global_type(reader));
        break;
      case 4:
        reader.byte();
        read_type_index(reader, binary);
        break;
      default:
        reader.fail_at(start, fmt::format("unknown import kind {}", kind));
    }
    binary.imports.push_back(std::move(import));
  }
}

void read_functions(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("functions", kMaxFunctions);
  binary.functions.reserve(count);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    binary.functions.push_back(read_type_index(reader, binary));
  }
}

void read_tables(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("tables", kMaxTables);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    binary.tables.push_back(read_table_type(reader));
  }
}

void read_memories(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("memories", kMaxMemories);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    binary.memories.push_back(read_memory_type(reader));
  }
}

void read_globals(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("globals", kMaxGlobals);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    binary.globals.push_back(read_global_type(reader));
    walk_const_expr(reader, nullptr);
  }
}

void read_exports(Reader& reader, Binary& binary, std::size_t function_count) {
  std::uint32_t count = reader.count("exports", kMaxExports);
  std::unordered_set<std::string_view> seen;
  binary.exports.reserve(count);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::size_t start = reader.offset();
    std::string_view name = reader.name();
    std::uint8_t kind = reader.byte();
    std::uint32_t index = reader.u32();
    if (!reader.ok()) {
      return;
    }
    std::size_t bound = SIZE_MAX;
    if (kind > 4) {
      reader.fail_at(start, fmt::format("export '{}' has the unknown kind {}", name, kind));
    } else if (kind == 0) {
      bound = function_count;
    } else if (kind == 2) {
      bound = binary.memories.size();
    } else if (kind == 3) {
      bound = binary.globals.size();
    }
    if (index >= bound) {
      reader.fail_at(start, fmt::format("export '{}' names number {} of {}", name, index, bound));
    } else if (!seen.insert(name).second) {
      reader.fail_at(start, fmt::format("two exports are named '{}'", name));
    }
    binary.exports.push_back({std::string(name), static_cast<ExternKind>(kind), index});
  }
}

void read_start(Reader& reader, Binary& binary) {
  const std::size_t start = reader.offset();
  std::uint32_t index = reader.u32();
  const FuncType* type = reader.ok() ? binary.function_type(index) : nullptr;
  if (reader.ok() && (type == nullptr || !type->params.empty() || !type->results.empty())) {
    reader.fail_at(start,
                   fmt::format("start function {} is not a function of type () -> ()", index));
  }
  binary.start = index;
}

// Whole: what is read here in full must end where its section ends.
bool read_section(const RawSection& raw, Reader& reader, Binary& binary) {
  switch (static_cast<SectionId>(raw.id)) {
    case SectionId::kType:
      read_types(reader, binary);
      return true;
    case SectionId::kImport:
      read_imports(reader, binary);
      return true;
    case SectionId::kFunction:
      read_functions(reader, binary);
      return true;
    case SectionId::kTable:
      read_tables(reader, binary);
      return true;
    case SectionId::kMemory:
      read_memories(reader, binary);
      return true;
    case SectionId::kGlobal:
      read_globals(reader, binary);
      return true;
    case SectionId::kExport:
      read_exports(reader, binary, imported_functions(binary) + binary.functions.size());
      return true;
    case SectionId::kStart:
      read_start(reader, binary);
      return true;
    case SectionId::kCode: {
      std::uint32_t bodies = reader.count("function bodies", kMaxFunctions);
      if (reader.ok() && bodies != binary.functions.size()) {
        reader.fail_at(raw.offset, fmt::format("{} function bodies for {} functions", bodies,
                                               binary.functions.size()));
      }
      return false;
    }
    default:
      return false;
  }
}

}  // namespace

RawSection next_section(Reader& reader) {
  RawSection raw;
  raw.id = reader.byte();
  std::uint32_t size = reader.u32();
  raw.offset = reader.offset();
  if (reader.ok() && size > reader.left()) {
    reader.fail(fmt::format("section {} claims {} bytes, {} are left: the file is truncated",
                            raw.id, size, reader.left()));
    return raw;
  }
  raw.contents = reader.bytes(size);
  return raw;
}

namespace {

void read_left_handles(Reader& reader, Binary& binary) {
  binary.left_handles.clear();
  const std::uint32_t count = reader.count("handles", kMostLeftHandles);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    LeftHandle each;
    each.handle = reader.u32();
    each.kind = reader.u32();
    each.parent = reader.u32();
    binary.left_handles.push_back(each);
  }
}

}  // namespace

Status read_core_sections(ByteView wasm, Binary& binary) {
  Reader reader(wasm);
  reader.skip(8);
  unsigned last = 0;
  bool has_code = false;
  while (!reader.done()) {
    const std::size_t start = reader.offset();
    RawSection raw = next_section(reader);
    if (!reader.ok()) {
      break;
    }
    Section section{raw.id, "", raw.offset, raw.contents.size()};
    Reader inside(raw.contents, raw.offset);
    bool whole = false;
    if (raw.id == 0) {
      section.name = inside.name();
      if (inside.ok() && section.name == "producers") {
        binary.producers = read_producers(raw.contents.subspan(inside.position()));
      } else if (inside.ok() && section.name == kHandlesSection) {
        read_left_handles(inside, binary);
      }
    } else {
      unsigned order = rank(raw.id);
      if (order == 0 || order <= last) {
        reader.fail_at(start, order == 0 ? fmt::format("unknown section {}", raw.id)
                                         : fmt::format("section {} is out of order", raw.id));
        break;
      }
      last = order;
      has_code |= raw.id == static_cast<std::uint8_t>(SectionId::kCode);
      whole = read_section(raw, inside, binary);
    }
    if (!inside.ok()) {
      return inside.error();
    }
    if (whole && !inside.done()) {
      inside.fail(fmt::format("{} bytes too many in section {}", inside.left(), raw.id));
      return inside.error();
    }
    binary.sections.push_back(std::move(section));
  }
  if (reader.ok() && !has_code && !binary.functions.empty()) {
    reader.fail(fmt::format("no bodies for {} functions", binary.functions.size()));
  }
  if (!reader.ok()) {
    return reader.error();
  }
  return Done{};
}

ValType read_val_type(Reader& reader) {
  const std::size_t start = reader.offset();
  std::uint8_t byte = reader.byte();
  switch (byte) {
    case 0x7F:
    case 0x7E:
    case 0x7D:
    case 0x7C:
    case 0x7B:
    case 0x70:
    case 0x6F:
      return static_cast<ValType>(byte);
    case 0x69:
    case 0x74:
      reader.fail_unsupported(start, "exception references (the exception-handling proposal)",
                              "build without exceptions: -fno-exceptions");
      return ValType::kI32;
    case 0x63:  // typed references; the types of the GC proposal
    case 0x64:
    case 0x6A:
    case 0x6B:
    case 0x6C:
    case 0x6D:
    case 0x6E:
    case 0x71:
    case 0x72:
    case 0x73:
      reader.fail_unsupported(start, kGc, kWithoutGc);
      return ValType::kI32;
    default:
      reader.fail_at(start, fmt::format("unknown value type 0x{:02x}", byte));
      return ValType::kI32;
  }
}

MemoryType read_memory_type(Reader& reader) {
  const std::size_t start = reader.offset();
  MemoryType memory;
  std::uint8_t flags = reader.byte();
  if ((flags & 8) != 0 && flags <= 15) {
    reader.fail_unsupported(start, "pages of another size (the custom-page-sizes proposal)",
                            "build with pages of 64 KiB");
    return memory;
  }
  if (flags > 7) {
    reader.fail_at(start, fmt::format("unknown memory flags 0x{:02x}", flags));
    return memory;
  }
  memory.shared = (flags & 2) != 0;
  memory.is64 = (flags & 4) != 0;
  memory.minimum = memory.is64 ? reader.u64() : reader.u32();
  if ((flags & 1) != 0) {
    memory.maximum = memory.is64 ? reader.u64() : reader.u32();
  }
  const std::uint64_t most = memory.is64 ? std::uint64_t{1} << 48 : 65536;
  if (reader.ok() && (memory.minimum > most || memory.maximum.value_or(most) > most ||
                      memory.maximum.value_or(most) < memory.minimum)) {
    reader.fail_at(start, fmt::format("a memory of {} to {} pages cannot be", memory.minimum,
                                      memory.maximum.value_or(most)));
  }
  return memory;
}

GlobalType read_global_type(Reader& reader) {
  GlobalType global;
  global.type = read_val_type(reader);
  const std::size_t start = reader.offset();
  std::uint8_t mutability = reader.byte();
  if (reader.ok() && mutability > 1) {
    reader.fail_at(start, fmt::format("unknown mutability {}", mutability));
  }
  global.is_mutable = mutability == 1;
  return global;
}

TableType read_table_type(Reader& reader) {
  TableType table;
  const std::size_t start = reader.offset();
  table.element = read_val_type(reader);
  std::uint8_t flags = reader.byte();
  if (flags >= 4 && flags <= 7) {
    reader.fail_unsupported(start, "a table with 64-bit indices (the memory64 proposal)",
                            "build for wasm32 rather than wasm64");
    return table;
  }
  table.minimum = reader.u64();
  if ((flags & 1) != 0) {
    reader.u64();
  }
  return table;
}

}  // namespace ferry::wasm
