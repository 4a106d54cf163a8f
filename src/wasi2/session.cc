#include "wasi2/session.h"

#include <fmt/format.h>

#include "wasi2/channel.h"
#include "wasi2/exchange.h"
#include "wasi2/files.h"
#include "wasi2/state.h"
#include "wasi2/tcp.h"
#include "wasi2/text.h"

namespace ferry::wasi2 {

Session::State::State(wasi::Context& context) : p1(context.state()) {}

Session::State::~State() = default;

Session::Session(wasi::Context& context) : state_(std::make_unique<State>(context)) {}

Session::~Session() = default;

// How the context owns it.
class Session::Holder final : public wasi::Attachment {
 public:
  explicit Holder(wasi::Context& context) : session(context) {}
  Session session;
};

Session& Session::of(wasi::Context& context) {
  auto& attachment = context.state().attachment;
  if (attachment == nullptr) attachment = std::make_unique<Holder>(context);
  return *find(context);
}

// Nothing else is ever attached.
Session* Session::find(wasi::Context& context) {
  auto* holder = static_cast<Holder*>(context.state().attachment.get());
  return holder != nullptr ? &holder->session : nullptr;
}

void Session::begin(const HttpRequest* request, std::span<const LeftHandle> left) {
  State& s = *state_;
  s.handles.reset();
  s.handles.put(left.empty() ? std::span<const LeftHandle>(s.carried) : left);
  s.results.reset();
  s.encoding = Encoding::kUtf8;
  s.wasi03 = false;
  s.stopped = false;
  s.trap.clear();
  s.request = request;
  s.request_headers.reset();
  s.bodies.clear();
  s.body_bytes = 0;
  s.field_bytes = 0;
  s.files.clear();  // the context's reset has closed them, and the connections of these
  s.exchanges.clear();
  s.tcps.clear();
  s.channels.clear();
  s.task = {};
  s.seed.reset();
  s.answered = Answered::kNothing;
  s.response = {};
  s.response_body = kNone;
  s.error.clear();
}

Result<std::vector<LeftHandle>> Session::left() const { return state_->handles.left(); }

void Session::carry(std::vector<LeftHandle> left) { state_->carried = std::move(left); }

const std::string& Session::trap() const { return state_->trap; }

Answered Session::answered() const {
  const State& s = *state_;
  if (s.answered == Answered::kResponse && s.response_body != kNone &&
      !s.bodies[s.response_body].finished) {
    return Answered::kUnfinished;
  }
  return s.answered;
}

HttpResponse& Session::response() {
  State& s = *state_;
  if (s.response_body != kNone) {
    Body& body = s.bodies[s.response_body];
    s.response.body = std::move(body.data);
    s.response.trailers = std::move(body.trailers);
    s.response_body = kNone;
  }
  return s.response;
}

std::optional<UnfinishedResponse> Session::unfinished() const {
  if (answered() != Answered::kUnfinished) return std::nullopt;
  const State& s = *state_;
  return UnfinishedResponse{s.response.status, s.response.headers, s.bodies[s.response_body].data};
}

const std::string& Session::error() const { return state_->error; }

void trap(S& s, std::string rule) {
  if (s.stopped) return;  // the first rule broken is the one to name
  s.stopped = true;
  s.trap = std::move(rule);
}

void trap_handle(S& s, u32 handle, const char* wanted) {
  const char* found = s.handles.name(handle);
  if (found == nullptr) {
    trap(s, fmt::format("{} is not a handle, where one of type {} was expected", handle, wanted));
  } else {
    trap(s, fmt::format("handle {} has type {}, where {} was expected", handle, found, wanted));
  }
}

bool check_children(S& s, u32 handle) {
  if (!s.handles.has_children(handle)) return true;
  trap(s, fmt::format("{} {} was dropped or given away before what was made of it",
                      s.handles.name(handle), handle));
  return false;
}

u32 make(S& s, Resource resource, u32 parent) {
  const u32 handle = s.handles.add(std::move(resource), parent);
  if (handle == 0) trap(s, fmt::format("more than {} handles at once", Handles::kMost));
  return handle;
}

bool begin(S& s, G g, u32 at, u32 size, u32 alignment) {
  if (at % alignment != 0 || !g.has(at, size)) {
    trap(s, "the return pointer is not aligned, or outside of memory");
    return false;
  }
  s.results.begin(at, size);
  return true;
}

bool get_bytes(S& s, G g, u32 at, u32 size, std::string_view& out) {
  if (g.view(at, size, out)) return true;
  trap(s, "a list lies outside of memory");
  return false;
}

bool check_list(S& s, G g, u32 at, u32 count, u32 element_size, u32 alignment) {
  if (at % alignment == 0 && g.has(at, u64{count} * element_size)) return true;
  trap(s, "a list is not aligned, or lies outside of memory");
  return false;
}

bool get_text(S& s, G g, u32 at, u32 length, std::string& out) {
  const TextShape shape = text_shape(length, s.encoding);
  if (shape.bytes > kMostText) {
    trap(s, fmt::format("a string of {} bytes, where {} are the most", shape.bytes, kMostText));
    return false;
  }
  if (at % shape.alignment != 0 || !g.has(at, shape.bytes)) {
    trap(s, "a string is not aligned, or lies outside of memory");
    return false;
  }
  std::string_view bytes;
  g.view(at, static_cast<u32>(shape.bytes), bytes);
  std::string room;
  const auto text = decode_text(bytes, shape, s.encoding, room);
  if (!text) {
    trap(s, "a string is not well-formed Unicode");
    return false;
  }
  out.assign(*text);
  return true;
}

bool check_case(S& s, u32 value, u32 cases) {
  if (value < cases) return true;
  trap(s, fmt::format("{} is not a case of a variant that has {}", value, cases));
  return false;
}

void put_text(S& s, u32 offset, std::string_view utf8) { s.results.text(offset, utf8, s.encoding); }

bool goes_on(S& s, const Answer& answer) {
  if (answer.stop) s.stopped = true;
  return !answer.stop;
}

void deny(S& s, std::string message, std::string hint) {
  wasi::deny(s.p1, std::move(message), std::move(hint));
}

u64 monotonic_now(S& s) {
  s.p1.drawn.clock = true;
  return static_cast<u64>(
      std::chrono::duration_cast<Nanoseconds>(s.p1.clock->monotonic().time_since_epoch()).count());
}

}  // namespace ferry::wasi2
