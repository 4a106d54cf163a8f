// Handles that outlive their event: which may, and what then stands for them.
#include <algorithm>

#include <fmt/format.h>

#include "wasi2/handles.h"

namespace ferry::wasi2 {
namespace {

// Numbers that stand in files (docs/formats/lowered-component.md): none changes its meaning.
enum class LeftKind : u32 {
  kIncomingRequest = 1,
  kFields = 2,
  kIncomingBody = 3,
  kBodyStream = 4,
  kStdin = 5,
  kStdout = 6,
  kStderr = 7,
  kPollable = 8,
  kFutureTrailers = 9,
};
constexpr u32 kFirstKind = 1;
constexpr u32 kLastKind = 9;
constexpr u32 kMostLeft = 1024;
constexpr u32 kHighest = 4096;  // a table with room for these is made for each event

// 0: it may not.
u32 kind_of(const Resource& resource) {
  const auto number = [](LeftKind kind) { return static_cast<u32>(kind); };
  if (std::holds_alternative<IncomingRequest>(resource)) return number(LeftKind::kIncomingRequest);
  if (std::holds_alternative<Fields>(resource)) return number(LeftKind::kFields);
  if (const auto* body = std::get_if<IncomingBody>(&resource); body && body->exchange == kNone) {
    return number(LeftKind::kIncomingBody);
  }
  if (const auto* in = std::get_if<InputStream>(&resource)) {
    if (in->from == InputStream::From::kBody) return number(LeftKind::kBodyStream);
    if (in->from == InputStream::From::kStdin) return number(LeftKind::kStdin);
  }
  if (const auto* out = std::get_if<OutputStream>(&resource)) {
    if (out->to == OutputStream::To::kStdout) return number(LeftKind::kStdout);
    if (out->to == OutputStream::To::kStderr) return number(LeftKind::kStderr);
  }
  if (const auto* poll = std::get_if<Pollable>(&resource);
      poll && poll->exchange == kNone && poll->tcp == kNone) {
    return number(LeftKind::kPollable);
  }
  if (const auto* last = std::get_if<FutureTrailers>(&resource); last && last->exchange == kNone) {
    return number(LeftKind::kFutureTrailers);
  }
  return 0;
}

// Of what belonged to an event: its remains, at their end.
Resource remains(u32 kind) {
  switch (static_cast<LeftKind>(kind)) {
    case LeftKind::kIncomingRequest:
      return IncomingRequest{.consumed = true};
    case LeftKind::kFields:
      return Fields{std::make_shared<FieldList>(), true};
    case LeftKind::kIncomingBody:
      return IncomingBody{.streamed = true};
    case LeftKind::kBodyStream:
      return InputStream{.from = InputStream::From::kBody, .at = UINT64_MAX};
    case LeftKind::kStdin:
      return InputStream{.from = InputStream::From::kStdin};
    case LeftKind::kStdout:
      return OutputStream{.to = OutputStream::To::kStdout};
    case LeftKind::kStderr:
      return OutputStream{.to = OutputStream::To::kStderr};
    case LeftKind::kPollable:
      return Pollable{};
    case LeftKind::kFutureTrailers:
      return FutureTrailers{.taken = true};
  }
  return {};
}

}  // namespace

Status check_left(std::span<const LeftHandle> left) {
  const Error wrong{Code::kInvalid, "its section ferry:handles names handles that cannot be left",
                    "make the snapshot anew"};
  if (left.size() > kMostLeft) return wrong;
  for (const LeftHandle& each : left) {
    const auto is = [](u32 handle) {
      return [handle](const LeftHandle& other) { return other.handle == handle; };
    };
    if (each.handle == 0 || each.handle > kHighest || each.kind < kFirstKind ||
        each.kind > kLastKind || std::ranges::count_if(left, is(each.handle)) != 1 ||
        each.parent == each.handle ||
        (each.parent != 0 && std::ranges::none_of(left, is(each.parent)))) {
      return wrong;
    }
  }
  return Done{};
}

void Handles::put(std::span<const LeftHandle> left) {
  if (left.empty()) return;
  const u32 most = std::ranges::max_element(left, {}, &LeftHandle::handle)->handle;
  slots_.resize(most);
  for (const LeftHandle& each : left) {
    slots_[each.handle - 1].resource = remains(each.kind);
    slots_[each.handle - 1].parent = each.parent;
    if (each.parent != 0) ++slots_[each.parent - 1].children;
    ++live_;
  }
  for (u32 index = most; index-- > 0;) {
    if (!std::holds_alternative<std::monostate>(slots_[index].resource)) continue;
    slots_[index].next_free = free_;
    free_ = index;
  }
}

Result<std::vector<LeftHandle>> Handles::left() const {
  std::vector<LeftHandle> out;
  for (u32 index = 0; index < slots_.size(); ++index) {
    const Slot& slot = slots_[index];
    if (std::holds_alternative<std::monostate>(slot.resource)) continue;
    const u32 kind = kind_of(slot.resource);
    if (kind == 0 || out.size() == kMostLeft || index >= kHighest) {
      return Error{Code::kUnsupported,
                   fmt::format("a handle of type {}, which is valid for one event alone",
                               name_of(slot.resource)),
                   ""};
    }
    out.push_back({index + 1, kind, slot.parent});
  }
  return out;
}

}  // namespace ferry::wasi2
