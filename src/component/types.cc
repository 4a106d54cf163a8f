#include "component/types.h"

#include <fmt/format.h>

#include "wasm/component.h"
#include "wasm/sections.h"

namespace ferry::component {
namespace {

using wasm::read_extern_name;
using wasm::Reader;

// Types hold types; no real component nests more than this.
constexpr unsigned kMaxTypeDepth = 32;
// A text that names a type in an import: longer ones are cut, so that types that hold types that
// hold types stay small.
constexpr std::size_t kMaxText = 160;

constexpr std::uint32_t kMaxFields = 100'000;

std::string cut(std::string text) {
  if (text.size() > kMaxText) {
    text.resize(kMaxText - 3);
    text += "...";
  }
  return text;
}

std::string_view primitive(std::int64_t code) {
  switch (code & 0x7F) {
    case 0x7F:
      return "bool";
    case 0x7E:
      return "s8";
    case 0x7D:
      return "u8";
    case 0x7C:
      return "s16";
    case 0x7B:
      return "u16";
    case 0x7A:
      return "s32";
    case 0x79:
      return "u32";
    case 0x78:
      return "s64";
    case 0x77:
      return "u64";
    case 0x76:
      return "f32";
    case 0x75:
      return "f64";
    case 0x74:
      return "char";
    case 0x73:
      return "string";
    case 0x64:
      return "error-context";
    default:
      return {};
  }
}

// What is inside of component and instance types has an index space of its own, which nobody
// here asks about.
class TypeWalk {
 public:
  TypeWalk(Reader& reader, const Component* scope) : reader_(reader), scope_(scope) {}

  std::string val_type() {
    const std::size_t start = reader_.offset();
    const std::int64_t code = reader_.s33();
    if (code >= 0) return text_of(static_cast<std::uint32_t>(code));
    const std::string_view name = code >= -64 ? primitive(code) : std::string_view{};
    if (reader_.ok() && name.empty()) {
      reader_.fail_at(start, fmt::format("unknown component value type {}", code));
    }
    return std::string(name);
  }

  std::string optional_val_type() {
    const std::size_t start = reader_.offset();
    const std::uint8_t there = reader_.byte();
    if (reader_.ok() && there > 1) reader_.fail_at(start, "neither a type nor none");
    return there == 1 ? val_type() : std::string{};
  }

  std::string results() {
    const std::size_t start = reader_.offset();
    const std::uint8_t form = reader_.byte();
    if (form == 0) return val_type();
    if (form != 1 || reader_.byte() != 0) {
      if (reader_.ok()) reader_.fail_at(start, "a list of results that is neither one nor none");
    }
    return {};
  }

  Type definition(unsigned depth) {
    Type out;
    const std::size_t start = reader_.offset();
    const std::uint8_t form = reader_.byte();
    switch (form) {
      case 0x40:
      case 0x43:
        out.text = fmt::format("{}func{}", form == 0x43 ? "async " : "", fields("parameters"));
        if (std::string result = results(); !result.empty()) out.text += " -> " + result;
        break;
      case 0x41:
      case 0x42:
        declarations(form == 0x41, depth);
        out.text = form == 0x41 ? "component" : "instance";
        break;
      case 0x3E:
      case 0x3F:
        resource(form == 0x3E);
        out.is_resource = true;
        out.text = "resource";
        break;
      default:
        out.text = value(form, start);
    }
    out.text = cut(std::move(out.text));
    return out;
  }

 private:
  std::string text_of(std::uint32_t index) const {
    return scope_ == nullptr ? std::string("?") : type_text(*scope_, index);
  }

  // "(a: u32, b: string)".
  std::string fields(std::string_view what) {
    std::string out = "(";
    const std::uint32_t count = reader_.count(what, kMaxFields);
    for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) {
      const std::string_view name = reader_.name();
      const std::string type = val_type();
      if (out.size() < kMaxText) out += fmt::format("{}{}: {}", i == 0 ? "" : ", ", name, type);
    }
    return out + ")";
  }

  std::string cases() {
    std::string out = "variant(";
    const std::uint32_t count = reader_.count("cases", kMaxFields);
    for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) {
      const std::string_view name = reader_.name();
      const std::string type = optional_val_type();
      if (reader_.byte() == 1) reader_.u32();  // "refines", of old binaries
      if (out.size() < kMaxText) {
        out += fmt::format("{}{}", i == 0 ? "" : ", ", name);
        if (!type.empty()) out += fmt::format("({})", type);
      }
    }
    return out + ")";
  }

  std::string labels(std::string_view what) {
    std::string out = fmt::format("{}(", what);
    const std::uint32_t count = reader_.count("labels", kMaxFields);
    for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) {
      const std::string_view name = reader_.name();
      if (out.size() < kMaxText) out += fmt::format("{}{}", i == 0 ? "" : ", ", name);
    }
    return out + ")";
  }

  std::string tuple() {
    std::string out = "tuple<";
    const std::uint32_t count = reader_.count("types", kMaxFields);
    for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) {
      const std::string type = val_type();
      if (out.size() < kMaxText) out += fmt::format("{}{}", i == 0 ? "" : ", ", type);
    }
    return out + ">";
  }

  std::string value(std::uint8_t form, std::size_t start) {
    switch (form) {
      case 0x72:
        return "record" + fields("fields");
      case 0x71:
        return cases();
      case 0x70:
        return fmt::format("list<{}>", val_type());
      case 0x67: {
        const std::string of = val_type();
        return fmt::format("list<{}, {}>", of, reader_.u32());
      }
      case 0x6F:
        return tuple();
      case 0x6E:
        return labels("flags");
      case 0x6D:
        return labels("enum");
      case 0x6B:
        return fmt::format("option<{}>", val_type());
      case 0x6A: {
        const std::string good = optional_val_type();
        const std::string bad = optional_val_type();
        if (bad.empty()) return good.empty() ? "result" : fmt::format("result<{}>", good);
        return fmt::format("result<{}, {}>", good.empty() ? "_" : good, bad);
      }
      case 0x69:
        return fmt::format("own<{}>", text_of(reader_.u32()));
      case 0x68:
        return fmt::format("borrow<{}>", text_of(reader_.u32()));
      case 0x66:
      case 0x65: {
        const std::string of = optional_val_type();
        const std::string_view what = form == 0x66 ? "stream" : "future";
        return of.empty() ? std::string(what) : fmt::format("{}<{}>", what, of);
      }
      case 0x63: {
        const std::string key = val_type();
        return fmt::format("map<{}, {}>", key, val_type());
      }
      default: {
        const std::string_view name = primitive(form);
        if (reader_.ok() && (form > 0x7F || name.empty())) {
          reader_.fail_at(start, fmt::format("unknown component type 0x{:02x}", form));
        }
        return std::string(name);
      }
    }
  }

  void resource(bool is_async) {
    reader_.byte();  // how it is represented: i32
    if (is_async) {
      reader_.u32();
    }
    if (reader_.byte() == 1) {
      reader_.u32();  // destructor or callback
    }
  }

  // componenttype, instancetype.
  void declarations(bool imports_too, unsigned depth) {
    if (depth >= kMaxTypeDepth) {
      reader_.fail(fmt::format("types nested more than {} deep", kMaxTypeDepth));
      return;
    }
    TypeWalk inside(reader_, nullptr);
    const std::uint32_t count = reader_.count("declarations", kMaxFields);
    for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) {
      const std::size_t start = reader_.offset();
      const std::uint8_t kind = reader_.byte();
      switch (kind) {
        case 0x00:
          skip_core_type(reader_);
          break;
        case 0x01:
          inside.definition(depth + 1);
          break;
        case 0x02:
          read_alias(reader_);
          break;
        case 0x03:
        case 0x04:
          if (kind == 0x03 && !imports_too) {
            reader_.fail_at(start, "an import in an instance's type");
            return;
          }
          read_extern_name(reader_);
          read_extern_desc(reader_);
          break;
        default:
          if (reader_.ok()) {
            reader_.fail_at(start, fmt::format("unknown declaration 0x{:02x} in a type", kind));
          }
      }
    }
  }

  Reader& reader_;
  const Component* scope_;
};

void skip_func_type(Reader& reader) {
  for (int i = 0; i < 2; ++i) {
    const std::uint32_t count = reader.count("types", wasm::kMaxParams);
    for (std::uint32_t t = 0; t < count && reader.ok(); ++t) wasm::read_val_type(reader);
  }
}

void skip_core_extern_desc(Reader& reader) {
  const std::size_t start = reader.offset();
  const std::uint8_t kind = reader.byte();
  switch (kind) {
    case 0x00:
      reader.u32();
      break;
    case 0x01:
      wasm::read_table_type(reader);
      break;
    case 0x02:
      wasm::read_memory_type(reader);
      break;
    case 0x03:
      wasm::read_global_type(reader);
      break;
    case 0x04:
      reader.byte();
      reader.u32();
      break;
    default:
      if (reader.ok()) reader.fail_at(start, fmt::format("unknown core kind 0x{:02x}", kind));
  }
}

void skip_module_type(Reader& reader) {
  const std::uint32_t count = reader.count("declarations", kMaxFields);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::size_t start = reader.offset();
    const std::uint8_t kind = reader.byte();
    switch (kind) {
      case 0x00:
        reader.name();
        reader.name();
        skip_core_extern_desc(reader);
        break;
      case 0x01:
        if (reader.byte() != 0x60) {
          reader.fail_at(start, "a core type that is not a function type");
        }
        skip_func_type(reader);
        break;
      case 0x02:
        reader.byte();  // core:sort
        reader.byte();  // outer
        reader.u32();
        reader.u32();
        break;
      case 0x03:
        reader.name();
        skip_core_extern_desc(reader);
        break;
      default:
        if (reader.ok()) {
          reader.fail_at(start,
                         fmt::format("unknown declaration 0x{:02x} in a module's type", kind));
        }
    }
  }
}

}  // namespace

Type read_type(Reader& reader, const Component& scope) {
  return TypeWalk(reader, &scope).definition(0);
}

std::string read_val_type(Reader& reader, const Component& scope) {
  return TypeWalk(reader, &scope).val_type();
}

std::string read_results(Reader& reader, const Component& scope) {
  return TypeWalk(reader, &scope).results();
}

std::string type_text(const Component& scope, std::uint32_t index) {
  // An exported type refers to another before it.
  while (index < scope.types.size() && scope.types[index].origin == Origin::kExport &&
         scope.types[index].index < index) {
    index = scope.types[index].index;
  }
  if (index >= scope.types.size()) return "?";
  const Type& type = scope.types[index];
  if (type.origin == Origin::kAlias && type.index < scope.instances.size()) {
    return cut(fmt::format("{}#{}", scope.instances[type.index].name, type.name));
  }
  return type.origin == Origin::kOwn ? type.text : cut(std::string(type.name));
}

void skip_core_type(Reader& reader) {
  const std::size_t start = reader.offset();
  const std::uint8_t form = reader.byte();
  if (form == 0x60) {
    skip_func_type(reader);
  } else if (form == 0x50) {
    skip_module_type(reader);
  } else if (reader.ok()) {
    reader.fail_at(start, fmt::format("core type form 0x{:02x}: only function and module types are "
                                      "understood",
                                      form));
  }
}

ExternDesc read_extern_desc(Reader& reader) {
  ExternDesc out;
  const std::size_t start = reader.offset();
  const std::uint8_t kind = reader.byte();
  out.sort = static_cast<Sort>(kind);
  switch (kind) {
    case 0x00:
      out.is_core_module = true;
      reader.byte();
      out.index = reader.u32();
      break;
    case 0x02:  // a value: equal to another, or of a type
      if (reader.byte() == 0x00) {
        reader.u32();
      } else {
        reader.s33();
      }
      break;
    case 0x03:  // a type: equal to another, or a fresh resource
      if (reader.byte() == 0x00) {
        out.index = reader.u32();
      } else {
        out.is_resource = true;
      }
      break;
    case 0x01:
    case 0x04:
    case 0x05:
      out.index = reader.u32();
      break;
    default:
      if (reader.ok()) {
        reader.fail_at(start, fmt::format("unknown kind of import or export 0x{:02x}", kind));
      }
  }
  return out;
}

CoreSort read_core_sort(Reader& reader) {
  const std::size_t start = reader.offset();
  const std::uint8_t sort = reader.byte();
  if (reader.ok() && sort > 0x04 && (sort < 0x10 || sort > 0x12)) {
    reader.fail_at(start, fmt::format("unknown core sort 0x{:02x}", sort));
  }
  return static_cast<CoreSort>(sort);
}

namespace {

Sort read_sort(Reader& reader, CoreSort& core) {
  const std::size_t start = reader.offset();
  const std::uint8_t sort = reader.byte();
  if (sort == 0) {
    core = read_core_sort(reader);
  } else if (reader.ok() && sort > 0x05) {
    reader.fail_at(start, fmt::format("unknown sort 0x{:02x}", sort));
  }
  return static_cast<Sort>(sort);
}

}  // namespace

Ref read_ref(Reader& reader) {
  CoreSort ignored{};
  Ref out;
  out.sort = read_sort(reader, ignored);
  out.index = reader.u32();
  return out;
}

Alias read_alias(Reader& reader) {
  Alias out;
  out.sort = read_sort(reader, out.core_sort);
  const std::size_t start = reader.offset();
  const std::uint8_t target = reader.byte();
  if (reader.ok() && target > 2) {
    reader.fail_at(start, fmt::format("unknown kind of alias 0x{:02x}", target));
    return out;
  }
  out.target = static_cast<Alias::Target>(target);
  out.instance = reader.u32();
  if (out.target == Alias::Target::kOuter) {
    out.index = reader.u32();
  } else {
    out.name = reader.name();
  }
  return out;
}

}  // namespace ferry::component
