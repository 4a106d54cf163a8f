#include "wasm/copied_data.h"

#include <algorithm>
#include <vector>

#include "wasm/instruction.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

constexpr std::uint32_t kActive = 0;
constexpr std::uint32_t kPassive = 1;
constexpr std::uint32_t kActiveIn = 2;  // an active one that names its memory

// Zeros between two pieces cost less than one piece more.
constexpr std::size_t kGap = 256;
// Each may be a page of its own, and so a page fault in memory that was never used.
constexpr std::size_t kMostPieces = 16;

struct Piece {
  std::uint32_t at = 0;  // address
  Bytes bytes;
};

// The data of plain constant addresses, by address; none where something else is among it.
std::optional<std::vector<Piece>> plain_pieces(Reader& reader, std::uint32_t count) {
  std::vector<Piece> out;
  std::size_t size = 0;
  for (; count > 0 && reader.ok(); --count) {
    const std::uint32_t kind = reader.u32();
    if (kind == kPassive) return std::nullopt;
    if (kind == kActiveIn && reader.u32() != 0) return std::nullopt;
    if (reader.byte() != op::kI32Const) return std::nullopt;
    const auto at = static_cast<std::uint32_t>(reader.s32());
    if (reader.byte() != op::kEnd) return std::nullopt;
    const ByteView bytes = reader.bytes(reader.u32());
    size += bytes.size();
    if (size > kMostCopiedData) return std::nullopt;
    out.push_back({at, Bytes(bytes.begin(), bytes.end())});
  }
  std::ranges::stable_sort(out, {}, &Piece::at);
  return out;
}

// Neighbours as one. None where pieces overlap (the later one counts, which order no longer tells),
// or where it would still be too much.
std::optional<std::vector<Piece>> joined(std::vector<Piece> pieces, std::uint64_t memory) {
  std::vector<Piece> out;
  std::uint64_t end = 0;  // of the last one
  std::size_t size = 0;
  for (Piece& piece : pieces) {
    if (piece.at + piece.bytes.size() > memory) return std::nullopt;
    if (piece.bytes.empty()) continue;
    if (piece.at < end) return std::nullopt;
    const std::uint64_t gap = piece.at - end;
    if (!out.empty() && gap <= kGap) {
      Bytes& last = out.back().bytes;
      last.resize(last.size() + gap);
      put_bytes(last, piece.bytes);
    } else {
      out.push_back(std::move(piece));
    }
    end = out.back().at + out.back().bytes.size();
  }
  for (const Piece& piece : out) size += piece.bytes.size();
  if (out.empty() || out.size() > kMostPieces || size > kMostCopiedData) return std::nullopt;
  return out;
}

// As many segments as there were, if they are counted: the code may name them. All were active, so
// what it names has no bytes once there is an instance; neither has an empty passive one.
Bytes section_of(const std::vector<Piece>& pieces, std::uint32_t segments) {
  Bytes out;
  put_u32(out, segments);
  for (const Piece& piece : pieces) {
    put_bytes(out, {kActive, op::kI32Const});
    put_s64(out, static_cast<std::int32_t>(piece.at));
    if (&piece == &pieces.front()) put_bytes(out, {op::kI32Const, 0, op::kI32Add});
    out.push_back(op::kEnd);
    put_u32(out, static_cast<std::uint32_t>(piece.bytes.size()));
    put_bytes(out, piece.bytes);
  }
  for (std::size_t i = pieces.size(); i < segments; ++i) put_bytes(out, {kPassive, 0});
  return out;
}

std::optional<Bytes> changed(Reader& data, std::uint64_t memory, bool counted) {
  const std::uint32_t count = data.count("data segments", kMaxSegments);
  auto pieces = plain_pieces(data, count);
  if (!pieces || !data.ok() || !data.done()) return std::nullopt;
  pieces = joined(std::move(*pieces), memory);
  if (!pieces) return std::nullopt;
  return section_of(*pieces, counted ? count : static_cast<std::uint32_t>(pieces->size()));
}

}  // namespace

std::optional<Bytes> with_copied_data(ByteView wasm) {
  const auto binary = read_binary(wasm);
  if (!binary.ok() || binary->component || binary->memories.size() != 1 ||
      std::ranges::any_of(binary->imports, [](const Import& import) {
        return import.kind == ExternKind::kMemory;
      })) {
    return std::nullopt;
  }
  const auto is = [](SectionId id) {
    return [id](const Section& section) { return section.id == static_cast<std::uint8_t>(id); };
  };
  const bool counted = std::ranges::any_of(binary->sections, is(SectionId::kDataCount));
  const auto old = std::ranges::find_if(binary->sections, is(SectionId::kData));
  if (old == binary->sections.end()) return std::nullopt;
  Reader reader(wasm.subspan(old->offset, old->size), old->offset);
  const auto data = changed(reader, binary->memories[0].minimum << 16, counted);
  if (!data) return std::nullopt;
  Bytes out = {wasm.begin(), wasm.begin() + kModuleHeader};
  out.reserve(wasm.size() + 16);
  for (const Section& section : binary->sections) {
    const bool here = &section == &*old;
    put_section(out, section.id, here ? *data : wasm.subspan(section.offset, section.size));
  }
  return out;
}

}  // namespace ferry::wasm
