// The sections of a core module that matter to us, read into a Binary (core 2.0, 5.5).
#pragma once

#include "wasm/binary.h"
#include "wasm/reader.h"

namespace ferry::wasm {

// Section ids.
enum class SectionId : std::uint8_t {
  kCustom = 0,
  kType = 1,
  kImport = 2,
  kFunction = 3,
  kTable = 4,
  kMemory = 5,
  kGlobal = 6,
  kExport = 7,
  kStart = 8,
  kElement = 9,
  kCode = 10,
  kData = 11,
  kDataCount = 12,
  kTag = 13
};

// Bytes of a module before its first section: magic number and version.
inline constexpr std::ptrdiff_t kModuleHeader = 8;

// What engines agree to take (WebAssembly JavaScript interface, "Implementation-defined limits").
inline constexpr std::uint32_t kMaxTypes = 1'000'000;
inline constexpr std::uint32_t kMaxFunctions = 1'000'000;
inline constexpr std::uint32_t kMaxImports = 100'000;
inline constexpr std::uint32_t kMaxExports = 100'000;
inline constexpr std::uint32_t kMaxGlobals = 1'000'000;
inline constexpr std::uint32_t kMaxSegments = 100'000;
inline constexpr std::uint32_t kMaxTables = 100'000;
inline constexpr std::uint32_t kMaxMemories = 100;
inline constexpr std::uint32_t kMaxParams = 1'000;
inline constexpr std::uint32_t kMaxResults = 1'000;
inline constexpr std::uint32_t kMaxLocals = 50'000;

// Reads all sections of a module whose header has been read.
Status read_core_sections(ByteView wasm, Binary& binary);

// The next section's header; the reader then follows its contents.
struct RawSection {
  std::uint8_t id = 0;
  std::size_t offset = 0;  // of the contents
  ByteView contents;
};
RawSection next_section(Reader& reader);

ValType read_val_type(Reader& reader);
MemoryType read_memory_type(Reader& reader);
GlobalType read_global_type(Reader& reader);
TableType read_table_type(Reader& reader);

}  // namespace ferry::wasm
