// What a Session holds, and what its functions have in common: taking arguments out of guest memory
// and handles, putting results there, and ending the guest by a trap where it breaks a rule of the
// component model. Private to src/wasi2.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/guest.h"
#include "wasi/state.h"
#include "wasi2/handles.h"
#include "wasi2/results.h"
#include "wasi2/session.h"

namespace ferry::net {
class TrustStore;
}  // namespace ferry::net

namespace ferry::wasi2 {

using wasi::Answer;
using wasi::Errno;

struct Channel;
struct Exchange;
struct Tcp;

// What an outgoing-body writes to; outlives the handles that wrote it.
struct Body {
  std::string data;
  u64 size = 0;                    // written; data holds less once it goes to an exchange
  std::optional<u64> length = {};  // the content-length that the guest promised
  FieldList trailers = {};
  bool finished = false;
  bool of_request = false;
  bool abandoned = false;  // its handle was dropped before it was finished
  u32 exchange = kNone;    // of State::exchanges, once its request was handed over
  // Of WASI 0.3 (http_message.h):
  u32 parts = 0;     // of contents and trailers, those that have not ended
  u32 sent = kNone;  // the future of State::channels that says how it was sent
};

// The event's task, of WASI 0.3.
struct Task {
  bool returned = false;  // task.return was called
  u32 result = 0;         // what it gave for `run`
  u32 first = 0;          // of the event that was delivered last
  u32 second = 0;
};

// An open descriptor of preview 1's table, shared by a descriptor and the streams made of it: it is
// closed with the last of them.
struct OpenFile {
  u32 fd = 0;
  u32 users = 0;
};

struct Session::State {
  explicit State(wasi::Context& context);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  wasi::Context::State& p1;
  Handles handles;
  std::vector<LeftHandle> carried;
  Results results;
  Encoding encoding = Encoding::kUtf8;  // of the next call
  bool wasi03 = false;   // this call's result has the form of WASI 0.3 (descriptor.h)
  bool stopped = false;  // the guest is to be ended; `trap` or p1.stop says why
  std::string trap;      // the rule that it broke

  const HttpRequest* request = nullptr;
  std::shared_ptr<FieldList> request_headers;  // made when they are asked for; see Fields
  std::vector<Body> bodies;
  u64 body_bytes = 0;   // of all bodies
  u64 field_bytes = 0;  // of all field lists that were made
  std::vector<OpenFile> files;
  std::vector<std::unique_ptr<Exchange>> exchanges;
  std::vector<std::unique_ptr<Tcp>> tcps;
  std::vector<std::unique_ptr<Channel>> channels;
  Task task;
  std::optional<std::pair<u64, u64>> seed;         // wasi:random/insecure-seed, of this event
  std::shared_ptr<const net::TrustStore> trusted;  // made at the first request over TLS

  Answered answered = Answered::kNothing;
  HttpResponse response;
  u32 response_body = kNone;
  std::string error;

  // Kept for their capacity only.
  std::string text;
  std::string second_text;
  std::vector<u8> scratch;   // files.h
  std::vector<u8> received;  // exchange.h
  std::vector<Pollable> polled;
};

using S = Session::State;
using G = wasi::Guest;

// Ends the guest. `rule` is one sentence without its end.
void trap(S& s, std::string rule);
// Ends it with what the handle is in place of a `wanted`.
void trap_handle(S& s, u32 handle, const char* wanted);

// A handle as a borrow. Null and the end of the guest where it is something else. What it points to
// stays where it is until a handle is made or dropped.
template <typename R>
R* need(S& s, u32 handle) {
  R* found = s.handles.find<R>(handle);
  if (found == nullptr) trap_handle(s, handle, R::kName);
  return found;
}

// Whether an own handle may go: nothing may be left that was made of it.
bool check_children(S& s, u32 handle);

// A handle as an own: it is gone afterwards.
template <typename R>
std::optional<R> take(S& s, u32 handle) {
  R* found = need<R>(s, handle);
  if (found == nullptr || !check_children(s, handle)) return std::nullopt;
  std::optional<R> out(std::move(*found));
  s.handles.drop(handle);
  return out;
}

// A new own handle; 0 and the end of the guest where there are too many. `parent` as in Handles.
u32 make(S& s, Resource resource, u32 parent = 0);

// Begins the result at the return pointer: aligned, inside of memory, zero.
bool begin(S& s, G g, u32 at, u32 size, u32 alignment);

// list<u8>, as it lies in guest memory.
bool get_bytes(S& s, G g, u32 at, u32 size, std::string_view& out);
// A list of larger elements: whether all of it is there and aligned.
bool check_list(S& s, G g, u32 at, u32 count, u32 element_size, u32 alignment);
// A string in the encoding of this call, as UTF-8. A longer one ends the guest: names, paths and
// messages are far shorter, and the host copies them.
inline constexpr u64 kMostText = 1u << 20;
bool get_text(S& s, G g, u32 at, u32 length, std::string& out);
// The case of a variant, an enum or an option.
bool check_case(S& s, u32 value, u32 cases);
void put_text(S& s, u32 offset, std::string_view utf8);

// Passes on that one of preview 1's calls ends the guest.
bool goes_on(S& s, const Answer& answer);

// Notes what was refused for want of a grant.
void deny(S& s, std::string message, std::string hint);

// Nanoseconds of the monotonic clock.
u64 monotonic_now(S& s);

}  // namespace ferry::wasi2
