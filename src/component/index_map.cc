#include "component/index_map.h"

#include <fmt/format.h>

#include "wasm/instruction.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::component {
namespace {

using wasm::Instruction;
using wasm::Reader;
namespace op = wasm::op;

// Behind the prefix 0xFC.
constexpr std::uint32_t kMemoryInit = 8;
constexpr std::uint32_t kDataDrop = 9;
constexpr std::uint32_t kTableInit = 12;
constexpr std::uint32_t kElemDrop = 13;
constexpr std::uint32_t kTableCopy = 14;
constexpr std::uint32_t kTableFill = 17;

// Rewrites the body of one function.
class BodyMerge {
 public:
  BodyMerge(Reader& reader, const IndexMap& map, const Accessors& accessors,
            const std::optional<Room>& room, std::set<std::uint32_t>& referenced, wasm::Edit& edit)
      : reader_(reader),
        map_(map),
        accessors_(accessors),
        room_(room),
        referenced_(referenced),
        edit_(edit) {}

  void run() {
    locals();
    std::size_t depth = 1;
    while (depth > 0 && reader_.ok()) {
      const std::size_t where = reader_.offset();
      const Instruction at = wasm::read_instruction(reader_);
      if (!reader_.ok()) return;
      if (at.opcode == op::kBlock || at.opcode == op::kLoop || at.opcode == op::kIf) {
        ++depth;
      } else if (at.opcode == op::kEnd) {
        --depth;
      }
      instruction(at, where);
    }
    if (reader_.ok() && !reader_.done()) {
      reader_.fail(fmt::format("{} bytes behind the end of a function", reader_.left()));
    }
  }

 private:
  void locals() {
    std::uint64_t total = 0;
    const std::uint32_t groups = reader_.count("groups of locals", wasm::kMaxLocals);
    for (std::uint32_t i = 0; i < groups && reader_.ok(); ++i) {
      total += reader_.u32();
      wasm::read_val_type(reader_);
      if (reader_.ok() && total > wasm::kMaxLocals) {
        reader_.fail(fmt::format("more than {} locals in a function", wasm::kMaxLocals));
      }
    }
  }

  std::uint32_t look_up(const std::vector<std::uint32_t>& in, std::uint32_t index,
                        std::string_view what, std::size_t where) {
    if (index < in.size()) return in[index];
    reader_.fail_at(where, fmt::format("{} {} of {}", what, index, in.size()));
    return 0;
  }

  std::uint32_t segment(std::uint32_t index, std::uint32_t base, std::uint32_t count,
                        std::string_view what, std::size_t where) {
    if (index < count) return base + index;
    reader_.fail_at(where, fmt::format("{} segment {} of {}", what, index, count));
    return 0;
  }

  // What follows a one-byte opcode.
  void put_index(const Instruction& at, std::uint32_t index) {
    wasm::put_u32(edit_.replace(at.begin + 1, at.end), index);
  }

  void call(const Instruction& at, std::size_t where) {
    const std::uint32_t function = look_up(map_.funcs, at.index, "function", where);
    const std::uint32_t nth = function - accessors_.first;
    if (at.opcode == op::kCall && function >= accessors_.first && nth < accessors_.list.size()) {
      const Accessors::Accessor& accessor = accessors_.list[nth];
      Bytes& out = edit_.replace(at.begin, at.end);
      out.push_back(accessor.writes ? op::kGlobalSet : op::kGlobalGet);
      wasm::put_u32(out, accessor.global);
      return;
    }
    put_index(at, function);
  }

  void misc(const Instruction& at, std::size_t where) {
    std::uint32_t first = 0;
    std::uint32_t second = at.second;
    bool has_second = false;
    if (at.sub == kMemoryInit || at.sub == kDataDrop) {
      first = segment(at.index, map_.data, map_.data_count, "data", where);
      has_second = at.sub == kMemoryInit;
    } else if (at.sub == kTableInit || at.sub == kElemDrop) {
      first = segment(at.index, map_.elements, map_.element_count, "element", where);
      has_second = at.sub == kTableInit;
      if (has_second) second = look_up(map_.tables, at.second, "table", where);
    } else if (at.sub >= kTableCopy && at.sub <= kTableFill) {
      first = look_up(map_.tables, at.index, "table", where);
      has_second = at.sub == kTableCopy;
      if (has_second) second = look_up(map_.tables, at.second, "table", where);
    } else {
      return;
    }
    Bytes& out = edit_.replace(at.begin, at.end);
    out.push_back(op::kPrefixMisc);
    wasm::put_u32(out, at.sub);
    wasm::put_u32(out, first);
    if (has_second) wasm::put_u32(out, second);
  }

  void instruction(const Instruction& at, std::size_t where) {
    switch (at.opcode) {
      case op::kBlock:
      case op::kLoop:
      case op::kIf:
        if (at.block_type >= 0) {
          const auto type = static_cast<std::uint32_t>(at.block_type);
          wasm::put_s64(edit_.replace(at.begin + 1, at.end),
                        look_up(map_.types, type, "type", where));
        }
        break;
      case op::kCall:
      case op::kReturnCall:
        call(at, where);
        break;
      case op::kRefFunc: {
        const std::uint32_t function = look_up(map_.funcs, at.index, "function", where);
        referenced_.insert(function);
        put_index(at, function);
        break;
      }
      case op::kCallIndirect:
      case op::kReturnCallIndirect: {
        const std::uint32_t type = look_up(map_.types, at.index, "type", where);
        const std::uint32_t table = look_up(map_.tables, at.second, "table", where);
        Bytes& out = edit_.replace(at.begin + 1, at.end);
        wasm::put_u32(out, type);
        wasm::put_u32(out, table);
        break;
      }
      case op::kGlobalGet:
      case op::kGlobalSet:
        put_index(at, look_up(map_.globals, at.index, "global", where));
        break;
      case op::kMemorySize:
      case op::kMemoryGrow:
        if (room_ && at.index == 0) {
          const bool grows = at.opcode == op::kMemoryGrow;
          Bytes& out = edit_.replace(at.begin, at.end);
          out.push_back(grows ? op::kCall : op::kGlobalGet);
          wasm::put_u32(out, grows ? room_->grow : room_->global);
        }
        break;
      case op::kTableGet:
      case op::kTableSet:
        put_index(at, look_up(map_.tables, at.index, "table", where));
        break;
      case op::kPrefixMisc:
        misc(at, where);
        break;
      case op::kRefNull:
        if (at.block_type >= 0) {
          reader_.fail_at(where, "typed function references, which no engine here has");
        }
        break;
      case 0x06:  // try, catch, throw, rethrow, throw_ref, delegate, catch_all, try_table
      case 0x07:
      case 0x08:
      case 0x09:
      case 0x0A:
      case 0x18:
      case 0x19:
      case 0x1F:
        reader_.fail_at(where, "WebAssembly exceptions, which the engines here do not run");
        break;
      default:
        break;
    }
  }

  Reader& reader_;
  const IndexMap& map_;
  const Accessors& accessors_;
  const std::optional<Room>& room_;
  std::set<std::uint32_t>& referenced_;
  wasm::Edit& edit_;
};

}  // namespace

Status merge_code(ByteView contents, std::size_t offset, const IndexMap& map,
                  const Accessors& accessors, const std::optional<Room>& room,
                  std::set<std::uint32_t>& referenced, Bytes& out) {
  Reader reader(contents, offset);
  Bytes scratch;
  const std::uint32_t count = reader.count("function bodies", wasm::kMaxFunctions);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint32_t size = reader.u32();
    const std::size_t where = reader.offset();
    const ByteView body = reader.bytes(size);
    if (!reader.ok()) break;
    scratch.clear();
    wasm::Edit edit(body, scratch);
    Reader inside(body, where);
    BodyMerge(inside, map, accessors, room, referenced, edit).run();
    if (!inside.ok()) return inside.error();
    edit.finish();
    wasm::put_u32(out, static_cast<std::uint32_t>(scratch.size()));
    wasm::put_bytes(out, scratch);
  }
  if (reader.ok() && !reader.done()) {
    reader.fail(fmt::format("{} bytes too many in section 10", reader.left()));
  }
  if (!reader.ok()) return reader.error();
  return Done{};
}

}  // namespace ferry::component
