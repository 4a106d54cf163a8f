// What the guest's handles refer to. Each type names the resource of its interface as it is in
// messages. Private to src/wasi2.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/address.h"
#include "wasi2/http_error.h"
#include "wasi2/results.h"
#include "wasi2/session.h"

namespace ferry::wasi2 {

inline constexpr u32 kNone = 0xffffffff;  // no index

// wasi:io/error.
struct IoError {
  static constexpr char kName[] = "error";
  std::string message;
  std::optional<u8> file_error = {};  // wasi:filesystem/types error-code
  std::optional<HttpFailure> http = {};
  std::optional<u8> socket_error = {};  // wasi:sockets/network error-code
};

// wasi:io/poll. Memory and files are always ready.
struct Pollable {
  static constexpr char kName[] = "pollable";
  enum class Awaits : u8 {
    kNothing,
    kTime,
    kResponse,
    kReadable,
    kWritable,
    kSent,
    kEnd,
    kConnected
  };
  Awaits what = Awaits::kNothing;
  Monotonic at = {};     // kTime: on the monotonic clock
  u32 exchange = kNone;  // the others: of State::exchanges,
  u32 tcp = kNone;       // or of State::tcps
};

// wasi:io/streams.
struct InputStream {
  static constexpr char kName[] = "input-stream";
  enum class From : u8 { kBody, kStdin, kFile, kExchange, kTcp };
  From from = From::kBody;
  u32 file = kNone;      // of State::files
  u32 exchange = kNone;  // of State::exchanges
  u32 tcp = kNone;       // of State::tcps
  u64 at = 0;            // kBody, kFile: how far it was read
};
struct OutputStream {
  static constexpr char kName[] = "output-stream";
  enum class To : u8 { kBody, kStdout, kStderr, kFile, kTcp };
  To to = To::kBody;
  u32 body = kNone;  // of State::bodies
  u32 file = kNone;  // of State::files
  u32 tcp = kNone;   // of State::tcps
  bool append = false;
  bool closed = false;  // after an error
  u64 at = 0;
};

// wasi:filesystem/types.
struct Descriptor {
  static constexpr char kName[] = "descriptor";
  u32 file = kNone;
  bool mutates = false;  // opened with mutate-directory; in 0.2 the grant alone decides
};
struct DirectoryStream {
  static constexpr char kName[] = "directory-entry-stream";
  u32 file = kNone;
  u64 cookie = 0;
};

// wasi:http/types.
struct Fields {
  static constexpr char kName[] = "fields";
  // Shared between a request or response and the child that the guest got of its headers; only a
  // list with one owner is ever changed.
  std::shared_ptr<FieldList> list;
  bool immutable = false;
};
struct IncomingRequest {
  static constexpr char kName[] = "incoming-request";
  bool consumed = false;
};
struct IncomingBody {
  static constexpr char kName[] = "incoming-body";
  bool streamed = false;
  u32 exchange = kNone;  // of State::exchanges, whose response it is of; none: of the request
};
struct FutureTrailers {
  static constexpr char kName[] = "future-trailers";
  bool taken = false;
  u32 exchange = kNone;  // likewise
};
struct FutureResponse {
  static constexpr char kName[] = "future-incoming-response";
  u32 exchange = kNone;
  bool taken = false;
};
struct IncomingResponse {
  static constexpr char kName[] = "incoming-response";
  u32 exchange = kNone;
  bool consumed = false;
};
struct RequestParts {
  std::string method = "GET";
  std::optional<std::string> path_with_query = {};
  std::optional<std::string> scheme = {};
  std::optional<std::string> authority = {};
  std::shared_ptr<FieldList> headers;  // see Fields
};
struct OutgoingRequest : RequestParts {
  static constexpr char kName[] = "outgoing-request";
  u32 body = kNone;
};
struct RequestOptions {
  static constexpr char kName[] = "request-options";
  std::optional<u64> connect = {};
  std::optional<u64> first_byte = {};
  std::optional<u64> between_bytes = {};
  bool immutable = false;
};
struct ResponseOutparam {
  static constexpr char kName[] = "response-outparam";
};
struct OutgoingResponse {
  static constexpr char kName[] = "outgoing-response";
  u16 status = 200;
  std::shared_ptr<FieldList> headers;  // see Fields
  u32 body = kNone;                    // of State::bodies, once it was asked for
};
struct OutgoingBody {
  static constexpr char kName[] = "outgoing-body";
  u32 body = kNone;
  bool streamed = false;
};

// wasi:http/types of WASI 0.3: requests and responses in both directions, with the channels
// (State::channels) of their bodies.
struct Message {
  u32 contents = kNone;  // a stream that the message holds the readable end of; none: no body
  u32 trailers = kNone;  // likewise, a future
  u32 sent = kNone;      // the future that says how sending it went, of those that a guest made
};
struct Request : RequestParts, Message {
  static constexpr char kName[] = "request";
  std::optional<RequestOptions> options = {};
};
struct Response : Message {
  static constexpr char kName[] = "response";
  u16 status = 200;
  std::shared_ptr<FieldList> headers;  // see Fields
};

// The component model's own, of WASI 0.3 (waitables.h). A waitable is in one set at most.
struct WaitableSet {
  static constexpr char kName[] = "waitable-set";
  std::vector<u32> members = {};
};
struct Subtask {
  static constexpr char kName[] = "subtask";
  enum class State : u8 { kStarted = 1, kReturned = 2, kCancelled = 4 };
  State state = State::kStarted;
  bool delivered = false;  // the guest knows that it has ended
  u32 set = 0;
  Pollable awaits = {};
  u32 ret = 0;  // of a sent request: where its response goes
};
struct ChannelEnd {
  static constexpr char kName[] = "stream or future";
  u32 channel = kNone;  // of State::channels
  bool readable = false;
  bool copying = false;
  bool done = false;  // nothing more can be copied
  u32 set = 0;
  std::optional<u32> event = {};  // the result of a copy that is over, not delivered yet
};

// wasi:sockets.
struct Network {
  static constexpr char kName[] = "network";
};
struct TcpSocket {
  static constexpr char kName[] = "tcp-socket";
  u32 tcp = kNone;  // of State::tcps
};
struct ResolveStream {
  static constexpr char kName[] = "resolve-address-stream";
  std::vector<net::Address> addresses = {};
  std::size_t next = 0;
};

// Those that no function here gives out, so that no handle is ever one: a call on one is a trap.
struct TerminalInput {
  static constexpr char kName[] = "terminal-input";
};
struct TerminalOutput {
  static constexpr char kName[] = "terminal-output";
};
struct UdpSocket {
  static constexpr char kName[] = "udp-socket";
};
struct IncomingDatagrams {
  static constexpr char kName[] = "incoming-datagram-stream";
};
struct OutgoingDatagrams {
  static constexpr char kName[] = "outgoing-datagram-stream";
};

using Resource = std::variant<std::monostate, IoError, Pollable, InputStream, OutputStream,
                              Descriptor, DirectoryStream, Fields, IncomingRequest, IncomingBody,
                              FutureTrailers, FutureResponse, IncomingResponse,
                              std::unique_ptr<OutgoingRequest>, RequestOptions, ResponseOutparam,
                              OutgoingResponse, OutgoingBody, Network, TcpSocket, ResolveStream,
                              std::unique_ptr<Request>, Response, WaitableSet, Subtask, ChannelEnd>;

// Requests are large and rare; the table holds them by pointer.
template <typename R>
inline constexpr bool kBoxed = std::is_same_v<R, OutgoingRequest> || std::is_same_v<R, Request>;
// Whether there is any way to have one.
template <typename R>
inline constexpr bool kExists =
    !std::is_same_v<R, TerminalInput> && !std::is_same_v<R, TerminalOutput> &&
    !std::is_same_v<R, UdpSocket> && !std::is_same_v<R, IncomingDatagrams> &&
    !std::is_same_v<R, OutgoingDatagrams>;

// The name of what a slot holds.
const char* name_of(const Resource& resource);

}  // namespace ferry::wasi2
