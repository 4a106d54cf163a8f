#include "host/guest_abi.h"

#include <utility>

#include "event/json.h"
#include "host/reply.h"
#include "wasm/entry_export.h"

namespace ferry::host {
namespace {

using engine::End;

// The event comes on stdin, the reply leaves on stdout.
class StdioAbi : public GuestAbi {
 public:
  ferry::Status give_event(const Guest& guest, event::LazyEvent& event, wasi::Setup& setup,
                           Given& given) const final {
    if (guest.manifest.input == function::InputForm::kCloudEvent) {
      FERRY_TRY(given.text, event::to_json(event.whole()));
      setup.stdin_data = given.text;
    } else if (const std::optional<std::string_view> data = event.data()) {
      setup.stdin_data = *data;
    }
    return Done{};
  }

  ferry::Status read_reply(const Guest& guest, wasi::Context& context, event::LazyEvent& event,
                           Reply& reply) const final {
    const function::ReplyForm form = guest.manifest.reply;
    if (form == function::ReplyForm::kData) {
      read_data(context.out(), reply);
      return Done{};
    }
    FERRY_TRY(reply, host::read_reply(context.out(), form));
    if (reply.event) {
      carry_trace(event.whole(), *reply.event);
    }
    return Done{};
  }
};

class Command final : public StdioAbi {
 public:
  End call(const Guest&, engine::Instance& instance, wasi::Context& context,
           Monotonic deadline) const override {
    End end = instance.call(entry(), context, deadline);
    end.value = 0;  // a command reports a failure by proc_exit only
    return end;
  }
  std::string_view entry() const override { return "_start"; }
};

class Reactor final : public StdioAbi {
 public:
  End call(const Guest& guest, engine::Instance& instance, wasi::Context& context,
           Monotonic deadline) const override {
    if (guest.record.has_initialize) {
      End end = instance.call("_initialize", context, deadline);
      if (end.kind != End::Kind::kReturned) {
        return end;
      }
    }
    return instance.call(entry(), context, deadline);
  }
  std::string_view entry() const override { return "handle"; }
};

// wasi:cli/run of a lowered component (docs/formats/lowered-component.md).
class Run final : public StdioAbi {
 public:
  void begin(const Guest& guest, wasi::Context& context, const Given& /*given*/) const override {
    wasi2::Session::of(context).begin(nullptr, guest.left);
  }
  End call(const Guest&, engine::Instance& instance, wasi::Context& context,
           Monotonic deadline) const override {
    return instance.call(wasm::kRunExport, context, deadline);
  }
  std::string_view entry() const override { return "run"; }
};

// wasi:http/incoming-handler of a lowered component.
class Http final : public GuestAbi {
 public:
  ferry::Status give_event(const Guest& /*guest*/, event::LazyEvent& event, wasi::Setup& /*setup*/,
                           Given& given) const override {
    return given.request.make(event);
  }
  void begin(const Guest& guest, wasi::Context& context, const Given& given) const override {
    wasi2::Session::of(context).begin(&given.request.get(), guest.left);
  }
  End call(const Guest&, engine::Instance& instance, wasi::Context& context,
           Monotonic deadline) const override {
    return instance.call(wasm::kHttpExport, context, deadline);
  }
  std::string_view entry() const override { return "handle"; }
  std::string_view output() const override { return "into its response"; }
  ferry::Status read_reply(const Guest& guest, wasi::Context& context, event::LazyEvent& event,
                           Reply& reply) const override {
    FERRY_CHECK_OK(read_response(wasi2::Session::of(context), guest.manifest.reply, reply));
    if (reply.event) {
      carry_trace(event.whole(), *reply.event);
    }
    return Done{};
  }
};

const Command kCommand;
const Reactor kReactor;
const Run kRun;
const Http kHttp;

}  // namespace

const GuestAbi* find_abi(wasm::Abi abi) {
  switch (abi) {
    case wasm::Abi::kCommand:
      return &kCommand;
    case wasm::Abi::kReactor:
      return &kReactor;
    case wasm::Abi::kHttp:
      return &kHttp;
    case wasm::Abi::kRun:
      return &kRun;
    case wasm::Abi::kNone:
      break;
  }
  return nullptr;
}

}  // namespace ferry::host
