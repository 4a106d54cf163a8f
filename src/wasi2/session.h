// What one invocation of a lowered component holds on the host's side of WASI 0.2: its resources,
// the HTTP request that it handles and the response that it makes. It exists beside a
// wasi::Context, which has the clock, the randomness, the directories, stdio, the quotas and the
// deadline; the calls of wasi2/functions.h work on both.
//
// The context owns its Session, which serves one invocation at a time, on one thread; `begin`
// readies it for the next without giving its buffers back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wasi/context.h"

namespace ferry::wasi2 {

// Header and trailer fields in their order; names in lower case. A field sent twice is there twice.
using FieldList = std::vector<std::pair<std::string, std::string>>;

// What the guest sees as its wasi:http/types incoming-request. All borrowed until the next begin().
struct HttpRequest {
  std::string_view method = {};           // as on the request line: "GET"
  std::string_view scheme = "http";       // in lower case
  std::string_view authority = {};        // "example.org:8080"; empty: none
  std::string_view path_with_query = {};  // "/path?query"; empty: none
  std::span<const std::pair<std::string_view, std::string_view>> headers = {};
  std::string_view body = {};
};

struct HttpResponse {
  int status = 200;
  FieldList headers;  // without those that frame the message (content-length)
  std::string body;
  FieldList trailers;
};

// What the guest did with the response-outparam that it was given.
enum class Answered : unsigned char {
  kNothing,     // it was neither set nor is its response complete
  kResponse,    // a response, whose body is finished
  kUnfinished,  // a response, whose body was never finished
  kError,       // an error-code in a response's place
};

// A handle that a guest still holds when its event is over, and that it is to find at each event
// that begins from there (a warmed snapshot). What it stands for ended with its event, but for the
// streams of stdio. `kind`: LeftKind (left.cc).
struct LeftHandle {
  std::uint32_t handle = 0;
  std::uint32_t kind = 0;
  std::uint32_t parent = 0;  // 0: none
};
// kInvalid for what left() never gave: the numbers come with a module.
Status check_left(std::span<const LeftHandle> left);

// A response of which the guest is still writing the body. Borrowed until its next call.
struct UnfinishedResponse {
  int status;
  const FieldList& headers;
  std::string_view body;  // what it has written so far
};

class Session {
 public:
  // The context's session, made when it is asked for first.
  static Session& of(wasi::Context& context);
  // Null where none was made.
  static Session* find(wasi::Context& context);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Closes what the last guest left open. After the context's reset. `request` is what
  // ferry:abi.incoming_request gives, borrowed until the next begin; null where there is none.
  // `left`: what the guest holds already, checked; empty: what was carried over.
  void begin(const HttpRequest* request, std::span<const LeftHandle> left = {});

  // What the guest holds now. kUnsupported, naming it, where that cannot outlive its event.
  Result<std::vector<LeftHandle>> left() const;
  // From now on each begin() without others begins with these.
  void carry(std::vector<LeftHandle> left);

  // Which rule of the component model the guest broke, in one sentence; empty: none. Such a guest
  // was ended by a call (engine::End::kStopped) for no reason that the context has.
  const std::string& trap() const;

  Answered answered() const;
  // With kResponse and kUnfinished. The caller may move it away.
  HttpResponse& response();
  // With kUnfinished, as far as it is there.
  std::optional<UnfinishedResponse> unfinished() const;
  // With kError: the error-code and what it says, in words.
  const std::string& error() const;

  struct State;  // used by the calls, private to src/wasi2
  State& state() { return *state_; }

 private:
  class Holder;
  explicit Session(wasi::Context& context);
  ~Session();

  std::unique_ptr<State> state_;
};

}  // namespace ferry::wasi2
