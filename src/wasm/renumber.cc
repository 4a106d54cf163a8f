#include "wasm/renumber.h"

#include <fmt/format.h>

#include "wasm/const_expr.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

// A reader and an edit over the same bytes, for indices one after the other.
struct Renumbering {
  Reader reader;
  Bytes out;
  Edit edit;
  const CodePlan& plan;
  FuncRefSeen on_ref_func;

  Renumbering(ByteView contents, std::size_t offset, const CodePlan& the_plan)
      : reader(contents, offset),
        edit(contents, out),
        plan(the_plan),
        on_ref_func([this](std::size_t begin, std::size_t end, std::uint32_t index) {
          put_u32(edit.replace(begin, end), moved(plan, index));
        }) {
    out.reserve(contents.size() + contents.size() / 8);
  }
  Renumbering(const Renumbering&) = delete;
  Renumbering& operator=(const Renumbering&) = delete;

  void function_index() {
    const std::size_t begin = reader.position();
    std::uint32_t index = reader.u32();
    if (reader.ok()) {
      on_ref_func(begin, reader.position(), index);
    }
  }
  void expression() { walk_const_expr(reader, &on_ref_func); }

  Result<Bytes> finish() {
    if (reader.ok() && !reader.done()) {
      reader.fail(fmt::format("{} bytes too many in a section", reader.left()));
    }
    if (!reader.ok()) {
      return reader.error();
    }
    edit.finish();
    return std::move(out);
  }
};

void element_segment(Renumbering& in, std::uint8_t& kinds) {
  const std::size_t start = in.reader.offset();
  std::uint32_t flags = in.reader.u32();
  if (in.reader.ok() && flags > 7) {
    in.reader.fail_at(start, fmt::format("unknown kind of element segment {}", flags));
    return;
  }
  kinds |= static_cast<std::uint8_t>(1u << (flags & 7));
  const bool is_active = (flags & 1) == 0;
  const bool says_more = (flags & 2) != 0;
  if (is_active) {
    if (says_more) {
      in.reader.u32();  // the table
    }
    in.expression();
  }
  if (!is_active || says_more) {
    in.reader.byte();  // the kind or type of its elements
  }
  std::uint32_t count = in.reader.count("elements", 10'000'000);
  for (std::uint32_t i = 0; i < count && in.reader.ok(); ++i) {
    if ((flags & 4) != 0) {
      in.expression();
    } else {
      in.function_index();
    }
  }
}

}  // namespace

Result<Bytes> renumber_globals(ByteView contents, std::size_t offset, const CodePlan& plan) {
  Renumbering in(contents, offset, plan);
  std::uint32_t count = in.reader.count("globals", kMaxGlobals);
  for (std::uint32_t i = 0; i < count && in.reader.ok(); ++i) {
    read_global_type(in.reader);
    in.expression();
  }
  return in.finish();
}

Result<Bytes> renumber_exports(ByteView contents, std::size_t offset, const CodePlan& plan) {
  Renumbering in(contents, offset, plan);
  std::uint32_t count = in.reader.count("exports", kMaxExports);
  for (std::uint32_t i = 0; i < count && in.reader.ok(); ++i) {
    in.reader.name();
    if (in.reader.byte() == static_cast<std::uint8_t>(ExternKind::kFunc)) {
      in.function_index();
    } else {
      in.reader.u32();
    }
  }
  return in.finish();
}

Result<Bytes> renumber_elements(ByteView contents, std::size_t offset, const CodePlan& plan,
                                std::uint8_t* kinds) {
  std::uint8_t seen = 0;
  Renumbering in(contents, offset, plan);
  std::uint32_t count = in.reader.count("element segments", kMaxSegments);
  for (std::uint32_t i = 0; i < count && in.reader.ok(); ++i) {
    element_segment(in, seen);
  }
  if (kinds != nullptr) {
    *kinds = seen;
  }
  return in.finish();
}

}  // namespace ferry::wasm
