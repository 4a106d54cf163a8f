// The sections of a component, into index spaces.
#include <array>

#include <fmt/format.h>

#include "component/canon.h"
#include "component/component.h"
#include "component/errors.h"
#include "component/types.h"
#include "wasm/component.h"
#include "wasm/sections.h"

namespace ferry::component {
namespace {

using wasm::read_extern_name;
using wasm::Reader;

constexpr unsigned kMaxNesting = 8;  // components in components
// Definitions of one file, nested components' too: what each takes in memory is many times its
// size.
constexpr std::uint32_t kMaxItems = 300'000;
constexpr std::uint32_t kMaxArguments = 100'000;

enum class ComponentSection : std::uint8_t {
  kCustom = 0,
  kCoreModule = 1,
  kCoreInstance = 2,
  kCoreType = 3,
  kComponent = 4,
  kInstance = 5,
  kAlias = 6,
  kType = 7,
  kCanon = 8,
  kStart = 9,
  kImport = 10,
  kExport = 11,
  kValue = 12
};

// One component; nested ones are read by a reader of their own.
class ComponentReader {
 public:
  ComponentReader(ByteView bytes, std::size_t base, unsigned depth, std::size_t& total)
      : bytes_(bytes), base_(base), depth_(depth), total_(total) {}

  Result<Component> run();

 private:
  Status section(ComponentSection id, const wasm::RawSection& raw, Reader& reader);
  Status nested(const wasm::RawSection& raw);
  void core_instances(Reader& reader);
  void instances(Reader& reader);
  Status aliases(Reader& reader);
  Status alias(const Alias& from, std::size_t where);
  Status imports(Reader& reader);
  Status exports(Reader& reader);
  // Makes entries of `items` run `each` as long as the reader is well.
  template <typename Each>
  Status repeat(Reader& reader, std::string_view items, Each each) {
    const std::uint32_t count = reader.count(items, kMaxItems);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      FERRY_CHECK_OK(each());
    }
    return Done{};
  }

  ByteView bytes_;
  std::size_t base_;
  unsigned depth_;
  std::size_t& total_;  // definitions so far, in the whole file
  Component out_;
};

std::size_t definitions(const Component& component) {
  return component.modules.size() + component.core_instances.size() + component.core_funcs.size() +
         component.core_tables.size() + component.core_memories.size() +
         component.core_globals.size() + component.components.size() + component.instances.size() +
         component.funcs.size() + component.types.size() + component.exports.size();
}

Result<Component> ComponentReader::run() {
  static constexpr std::array<std::uint8_t, 8> kHeader = {0, 'a', 's', 'm', 0x0D, 0, 1, 0};
  Reader reader(bytes_, base_);
  const ByteView header = reader.bytes(kHeader.size());
  if (!reader.ok() || !std::equal(kHeader.begin(), kHeader.end(), header.begin())) {
    reader.fail_at(base_, "no component begins here");
    return reader.error();
  }
  while (!reader.done()) {
    const std::size_t start = reader.offset();
    const wasm::RawSection raw = wasm::next_section(reader);
    if (!reader.ok()) break;
    if (raw.id > static_cast<std::uint8_t>(ComponentSection::kValue)) {
      reader.fail_at(start, fmt::format("unknown component section {}", raw.id));
      break;
    }
    const auto id = static_cast<ComponentSection>(raw.id);
    if (id == ComponentSection::kCustom) continue;
    Reader inside(raw.contents, raw.offset);
    const std::size_t before = definitions(out_);
    FERRY_CHECK_OK(section(id, raw, inside));
    total_ += definitions(out_) - before;
    if (total_ > kMaxItems) {
      return unsupported(start, fmt::format("more than {} definitions", kMaxItems));
    }
    if (inside.ok() && !inside.done()) {
      inside.fail(fmt::format("{} bytes too many in component section {}", inside.left(), raw.id));
    }
    if (!inside.ok()) return inside.error();
  }
  if (!reader.ok()) return reader.error();
  return std::move(out_);
}

Status ComponentReader::section(ComponentSection id, const wasm::RawSection& raw, Reader& reader) {
  switch (id) {
    case ComponentSection::kCoreModule:
      out_.modules.push_back({raw.offset, raw.contents});
      reader.skip(raw.contents.size());
      return Done{};
    case ComponentSection::kComponent:
      reader.skip(raw.contents.size());
      return nested(raw);
    case ComponentSection::kCoreInstance:
      core_instances(reader);
      return Done{};
    case ComponentSection::kCoreType:
      return repeat(reader, "core types", [&]() -> Status {
        skip_core_type(reader);
        return Done{};
      });
    case ComponentSection::kInstance:
      instances(reader);
      return Done{};
    case ComponentSection::kAlias:
      return aliases(reader);
    case ComponentSection::kType:
      return repeat(reader, "types", [&]() -> Status {
        out_.types.push_back(read_type(reader, out_));
        return Done{};
      });
    case ComponentSection::kCanon:
      return repeat(reader, "canonical definitions", [&] { return read_canon(reader, out_); });
    case ComponentSection::kImport:
      return imports(reader);
    case ComponentSection::kExport:
      return exports(reader);
    case ComponentSection::kStart:
    case ComponentSection::kValue:
      return unsupported(raw.offset,
                         "it has values or a start function of the component model, "
                         "which no toolchain makes yet");
    case ComponentSection::kCustom:
      break;
  }
  return Done{};
}

Status ComponentReader::nested(const wasm::RawSection& raw) {
  if (depth_ >= kMaxNesting) {
    return unsupported(raw.offset, fmt::format("components nested more than {} deep", kMaxNesting));
  }
  FERRY_TRY(Component inner, ComponentReader(raw.contents, raw.offset, depth_ + 1, total_).run());
  out_.components.push_back(std::move(inner));
  return Done{};
}

void ComponentReader::core_instances(Reader& reader) {
  const std::uint32_t count = reader.count("core instances", kMaxItems);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    CoreInstance instance;
    const std::size_t start = reader.offset();
    const std::uint8_t form = reader.byte();
    if (form == 0x00) {
      instance.module = reader.u32();
      const std::uint32_t arguments = reader.count("arguments", kMaxArguments);
      for (std::uint32_t a = 0; a < arguments && reader.ok(); ++a) {
        const std::size_t where = reader.offset();
        const std::string_view name = reader.name();
        if (reader.byte() != static_cast<std::uint8_t>(CoreSort::kInstance)) {
          reader.fail_at(where, "an argument that is not a core instance");
        }
        if (!instance.arguments.emplace(name, reader.u32()).second) {
          reader.fail_at(where, fmt::format("two arguments are named '{}'", name));
        }
      }
    } else if (form == 0x01) {
      const std::uint32_t exports = reader.count("exports", kMaxArguments);
      for (std::uint32_t e = 0; e < exports && reader.ok(); ++e) {
        const std::size_t where = reader.offset();
        const std::string_view name = reader.name();
        CoreRef ref;
        ref.sort = read_core_sort(reader);
        ref.index = reader.u32();
        if (!instance.exports.emplace(name, ref).second) {
          reader.fail_at(where, fmt::format("two exports are named '{}'", name));
        }
      }
    } else if (reader.ok()) {
      reader.fail_at(start, fmt::format("unknown form of core instance 0x{:02x}", form));
    }
    out_.core_instances.push_back(std::move(instance));
  }
}

void ComponentReader::instances(Reader& reader) {
  const std::uint32_t count = reader.count("instances", kMaxItems);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    Instance instance;
    const std::size_t start = reader.offset();
    const std::uint8_t form = reader.byte();
    if (reader.ok() && form > 1) {
      reader.fail_at(start, fmt::format("unknown form of instance 0x{:02x}", form));
      return;
    }
    if (form == 0x00) instance.component = reader.u32();
    std::map<std::string_view, Ref>& refs = form == 0x00 ? instance.arguments : instance.exports;
    const std::uint32_t entries = reader.count("arguments or exports", kMaxArguments);
    for (std::uint32_t e = 0; e < entries && reader.ok(); ++e) {
      const std::size_t where = reader.offset();
      const std::string_view name = form == 0x00 ? reader.name() : read_extern_name(reader);
      if (!refs.emplace(name, read_ref(reader)).second) {
        reader.fail_at(where, fmt::format("two arguments or exports are named '{}'", name));
      }
    }
    out_.instances.push_back(std::move(instance));
  }
}

Status ComponentReader::alias(const Alias& from, std::size_t where) {
  if (from.target == Alias::Target::kOuter) {
    // Types come from outside all the time; anything else makes of one component two.
    if (from.sort == Sort::kType) {
      Type type;
      type.origin = Origin::kElsewhere;
      out_.types.push_back(type);
      return Done{};
    }
    if (from.sort == Sort::kCore && from.core_sort == CoreSort::kType) return Done{};
    return unsupported(where, "a nested component uses a module or a component of the outer one");
  }
  if ((from.target == Alias::Target::kCoreExport) != (from.sort == Sort::kCore)) {
    return Error{Code::kInvalid,
                 fmt::format("at offset {}: an alias of one sort to an export of another", where),
                 ""};
  }
  if (from.sort == Sort::kCore) {
    CoreItem item{from.instance, from.name, 0};
    switch (from.core_sort) {
      case CoreSort::kFunc:
        out_.core_funcs.push_back(item);
        return Done{};
      case CoreSort::kTable:
        out_.core_tables.push_back(item);
        return Done{};
      case CoreSort::kMemory:
        out_.core_memories.push_back(item);
        return Done{};
      case CoreSort::kGlobal:
        out_.core_globals.push_back(item);
        return Done{};
      default:
        return unsupported(where, "it takes a tag, a type or a module out of a core instance");
    }
  }
  switch (from.sort) {
    case Sort::kFunc: {
      Func func;
      func.origin = Origin::kAlias;
      func.index = from.instance;
      func.name = from.name;
      out_.funcs.push_back(func);
      return Done{};
    }
    case Sort::kType: {
      Type type;
      type.origin = Origin::kAlias;
      type.index = from.instance;
      type.name = from.name;
      out_.types.push_back(std::move(type));
      return Done{};
    }
    case Sort::kInstance: {
      Instance instance;
      instance.origin = Origin::kAlias;
      instance.index = from.instance;
      instance.name = from.name;
      out_.instances.push_back(std::move(instance));
      return Done{};
    }
    default:
      return unsupported(where, "it takes a component or a value out of an instance");
  }
}

Status ComponentReader::aliases(Reader& reader) {
  return repeat(reader, "aliases", [&]() -> Status {
    const std::size_t where = reader.offset();
    const Alias from = read_alias(reader);
    return reader.ok() ? alias(from, where) : Status(Done{});
  });
}

Status ComponentReader::imports(Reader& reader) {
  return repeat(reader, "imports", [&]() -> Status {
    const std::size_t where = reader.offset();
    const std::string_view name = read_extern_name(reader);
    const ExternDesc desc = read_extern_desc(reader);
    if (!reader.ok()) return Done{};
    if (desc.is_core_module) {
      return unsupported(where, fmt::format("it imports the core module '{}'", name));
    }
    switch (desc.sort) {
      case Sort::kFunc: {
        Func func;
        func.origin = Origin::kImport;
        func.name = name;
        func.type = desc.index;
        out_.funcs.push_back(func);
        return Done{};
      }
      case Sort::kType: {
        Type type;
        type.origin = Origin::kImport;
        type.name = name;
        out_.types.push_back(std::move(type));
        return Done{};
      }
      case Sort::kInstance: {
        Instance instance;
        instance.origin = Origin::kImport;
        instance.name = name;
        out_.instances.push_back(std::move(instance));
        return Done{};
      }
      default:
        return unsupported(where, fmt::format("it imports the component or value '{}'", name));
    }
  });
}

Status ComponentReader::exports(Reader& reader) {
  return repeat(reader, "exports", [&]() -> Status {
    const std::size_t where = reader.offset();
    const std::string_view name = read_extern_name(reader);
    const Ref what = read_ref(reader);
    const std::uint8_t described = reader.byte();
    if (described == 1) {
      read_extern_desc(reader);
    } else if (reader.ok() && described != 0) {
      reader.fail_at(where, fmt::format("export '{}' is malformed", name));
    }
    if (!reader.ok()) return Done{};
    out_.exports.push_back({name, what});
    // What is exported has a new index too.
    switch (what.sort) {
      case Sort::kFunc: {
        Func func;
        func.origin = Origin::kExport;
        func.index = what.index;
        func.name = name;
        out_.funcs.push_back(func);
        break;
      }
      case Sort::kType: {
        Type type;
        type.origin = Origin::kExport;
        type.index = what.index;
        type.name = name;
        out_.types.push_back(std::move(type));
        break;
      }
      case Sort::kInstance: {
        Instance instance;
        instance.origin = Origin::kExport;
        instance.index = what.index;
        instance.name = name;
        out_.instances.push_back(std::move(instance));
        break;
      }
      case Sort::kCore:
      case Sort::kComponent:
        return unsupported(where, fmt::format("it exports the module or component '{}'", name));
      case Sort::kValue:
        return unsupported(where, fmt::format("it exports the value '{}'", name));
    }
    return Done{};
  });
}

}  // namespace

Result<Component> read_component(ByteView file) {
  std::size_t total = 0;
  return ComponentReader(file, 0, 0, total).run();
}

}  // namespace ferry::component
