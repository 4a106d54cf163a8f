#include "component/canon.h"

#include <array>
#include <iterator>

#include <fmt/format.h>

#include "component/errors.h"
#include "component/types.h"

namespace ferry::component {
namespace {

using wasm::Reader;

// What follows a built-in's opcode.
enum class Operands : std::uint8_t {
  kNone,
  kFlag,        // whether it can be cancelled, or is asynchronous
  kFlagMemory,  // and a memory
  kType,        // a type
  kTypeFlag,
  kTypeOptions,
  kResults,  // results and options
  kSlot      // a type and a slot
};

struct Builtin {
  std::string_view name;
  std::uint8_t opcode;
  Operands operands;
};

constexpr Builtin kBuiltins[] = {
    {"task.cancel", 0x05, Operands::kNone},
    {"subtask.cancel", 0x06, Operands::kFlag},
    {"task.return", 0x09, Operands::kResults},
    {"context.get", 0x0A, Operands::kSlot},
    {"context.set", 0x0B, Operands::kSlot},
    {"thread.yield", 0x0C, Operands::kFlag},
    {"subtask.drop", 0x0D, Operands::kNone},
    {"stream.new", 0x0E, Operands::kType},
    {"stream.read", 0x0F, Operands::kTypeOptions},
    {"stream.write", 0x10, Operands::kTypeOptions},
    {"stream.cancel-read", 0x11, Operands::kTypeFlag},
    {"stream.cancel-write", 0x12, Operands::kTypeFlag},
    {"stream.drop-readable", 0x13, Operands::kType},
    {"stream.drop-writable", 0x14, Operands::kType},
    {"future.new", 0x15, Operands::kType},
    {"future.read", 0x16, Operands::kTypeOptions},
    {"future.write", 0x17, Operands::kTypeOptions},
    {"future.cancel-read", 0x18, Operands::kTypeFlag},
    {"future.cancel-write", 0x19, Operands::kTypeFlag},
    {"future.drop-readable", 0x1A, Operands::kType},
    {"future.drop-writable", 0x1B, Operands::kType},
    {"waitable-set.new", 0x1F, Operands::kNone},
    {"waitable-set.wait", 0x20, Operands::kFlagMemory},
    {"waitable-set.poll", 0x21, Operands::kFlagMemory},
    {"waitable-set.drop", 0x22, Operands::kNone},
    {"waitable.join", 0x23, Operands::kNone},
    {"backpressure.inc", 0x24, Operands::kNone},
    {"backpressure.dec", 0x25, Operands::kNone},
};

Status read_options(Reader& reader, CanonOptions& out) {
  const std::uint32_t count = reader.count("canon options", 16);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::size_t start = reader.offset();
    const std::uint8_t option = reader.byte();
    switch (option) {
      case 0x00:
      case 0x01:
      case 0x02:
        out.encoding = static_cast<Encoding>(option);
        break;
      case 0x03:
        out.memory = reader.u32();
        break;
      case 0x04:
        out.realloc = reader.u32();
        break;
      case 0x05:
        out.post_return = reader.u32();
        break;
      case 0x06:
        out.is_async = true;
        break;
      case 0x07:
        out.callback = reader.u32();
        break;
      case 0x08:
      case 0x09:
        if (reader.ok()) {
          return unsupported(start, "values of the garbage-collection proposal cross its boundary");
        }
        break;
      default:
        if (reader.ok()) {
          reader.fail_at(start, fmt::format("unknown canon option 0x{:02x}", option));
        }
    }
  }
  return Done{};
}

bool read_flag(Reader& reader) {
  const std::size_t start = reader.offset();
  const std::uint8_t flag = reader.byte();
  if (reader.ok() && flag > 1) reader.fail_at(start, "a flag that is neither 0 nor 1");
  return flag == 1;
}

Status read_operands(Reader& reader, Operands operands, const Component& scope, Canon& out) {
  switch (operands) {
    case Operands::kNone:
      break;
    case Operands::kFlag:
      if (read_flag(reader)) out.detail = "async";
      break;
    case Operands::kFlagMemory:
      if (read_flag(reader)) out.detail = "cancellable";
      out.options.memory = reader.u32();
      break;
    case Operands::kType:
      out.index = reader.u32();
      out.detail = type_text(scope, out.index);
      break;
    case Operands::kTypeFlag:
      out.index = reader.u32();
      out.detail = type_text(scope, out.index);
      if (read_flag(reader)) out.options.is_async = true;
      break;
    case Operands::kTypeOptions:
      out.index = reader.u32();
      out.detail = type_text(scope, out.index);
      return read_options(reader, out.options);
    case Operands::kResults:
      out.detail = read_results(reader, scope);
      return read_options(reader, out.options);
    case Operands::kSlot: {
      const std::size_t start = reader.offset();
      if (reader.byte() != 0x7F && reader.ok()) {
        return unsupported(start, "its context slots hold something other than an i32");
      }
      out.index = reader.u32();
      break;
    }
  }
  return Done{};
}

// Of what would need a second thread, or a stack of its own for each task; empty: none.
std::string_view thread_builtin(std::uint8_t opcode) {
  constexpr std::string_view kTasks[] = {"thread.index",
                                         "thread.new-indirect",
                                         "thread.resume-later",
                                         "thread.suspend",
                                         "thread.suspend-then-resume",
                                         "thread.yield-then-resume",
                                         "thread.suspend-then-promote",
                                         "thread.yield-then-promote"};
  constexpr std::string_view kShared[] = {"thread.spawn-ref", "thread.spawn-indirect",
                                          "thread.available-parallelism"};
  if (opcode >= 0x26 && opcode - 0x26u < std::size(kTasks)) return kTasks[opcode - 0x26];
  if (opcode >= 0x40 && opcode - 0x40u < std::size(kShared)) return kShared[opcode - 0x40];
  return {};
}

Status read_builtin(Reader& reader, std::size_t start, std::uint8_t opcode, Component& out) {
  for (const Builtin& known : kBuiltins) {
    if (known.opcode != opcode) continue;
    Canon canon;
    canon.name = known.name;
    if (opcode == 0x0A) canon.kind = Canon::Kind::kContextGet;
    if (opcode == 0x0B) canon.kind = Canon::Kind::kContextSet;
    FERRY_CHECK_OK(read_operands(reader, known.operands, out, canon));
    out.canons.push_back(std::move(canon));
    return Done{};
  }
  if (opcode >= 0x1C && opcode <= 0x1E) {
    return unsupported(start,
                       "it uses error contexts (error-context.new), which WASI 0.3.0 left out");
  }
  if (const std::string_view name = thread_builtin(opcode); !name.empty()) {
    return unsupported(start,
                       fmt::format("it uses a thread of the component model ({}), and a function "
                                   "here has one",
                                   name));
  }
  if (opcode == 0x07 || opcode == 0x08) {
    return unsupported(start, fmt::format("it uses a built-in of a draft of WASI 0.3 (0x{:02x}), "
                                          "which 0.3.0 no longer has",
                                          opcode));
  }
  reader.fail_at(start, fmt::format("unknown canonical definition 0x{:02x}", opcode));
  return Done{};
}

}  // namespace

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf16:
      return "utf16";
    case Encoding::kLatin1Utf16:
      return "latin1+utf16";
    case Encoding::kUtf8:
      break;
  }
  return "utf8";
}

Status read_canon(Reader& reader, Component& out) {
  const std::size_t start = reader.offset();
  const std::uint8_t opcode = reader.byte();
  if (opcode == 0x00) {
    if (reader.byte() != 0x00 && reader.ok())
      reader.fail_at(start, "an unknown form of canon lift");
    Func lifted;
    lifted.core_func = reader.u32();
    FERRY_CHECK_OK(read_options(reader, lifted.options));
    lifted.type = reader.u32();
    out.funcs.push_back(lifted);
    return Done{};
  }
  if (opcode > 0x04) {
    FERRY_CHECK_OK(read_builtin(reader, start, opcode, out));
  } else {
    Canon canon;
    if (opcode == 0x01) {
      canon.kind = Canon::Kind::kLower;
      if (reader.byte() != 0x00 && reader.ok()) {
        reader.fail_at(start, "an unknown form of canon lower");
      }
      canon.index = reader.u32();
      FERRY_CHECK_OK(read_options(reader, canon.options));
    } else {
      canon.kind = opcode == 0x02   ? Canon::Kind::kResourceNew
                   : opcode == 0x03 ? Canon::Kind::kResourceDrop
                                    : Canon::Kind::kResourceRep;
      canon.index = reader.u32();
    }
    out.canons.push_back(std::move(canon));
  }
  if (!reader.ok()) return Done{};  // the section's reader says so
  CoreItem item;
  item.canon = static_cast<std::uint32_t>(out.canons.size() - 1);
  out.core_funcs.push_back(item);
  return Done{};
}

}  // namespace ferry::component
