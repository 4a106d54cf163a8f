// A component that uses WASI 0.2 and 0.3 as one that was written for them would, most of the time:
// it passes handles that it was given, texts that mean something and places for results. So it gets
// further than random calls (calls_fuzz.cc): requests over a network, streams and futures between
// the guest and the host, tasks that wait. Nothing may touch a byte outside of its memory, reach
// what is not granted, pass its bounds, wait, or leave a descriptor open.
//
// Input: how long the network's script is, in units of 8 bytes; the script
// (../wasi/scripted_network.h); then calls: a number of two bytes, and a byte for each argument.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "../wasi/fuzz_input.h"
#include "../wasi/quick_sources.h"
#include "../wasi/scripted_network.h"
#include "event/event.h"
#include "fuzz_event.h"
#include "host/http_guest.h"
#include "http/head.h"
#include "wasi2/channel.h"
#include "wasi2/functions.h"
#include "wasi2/session.h"
#include "wasi2/state.h"

namespace {

using namespace ferry;
using std::uint32_t;

constexpr uint32_t kMemory = 16384;
constexpr std::size_t kMostCalls = 96;
constexpr std::uint64_t kBound = 200;  // bytes of each output

constexpr uint32_t kMostHandles = 64;

constexpr uint32_t kRet = 64;  // where results are asked for
constexpr uint32_t kTexts = 1024;
constexpr uint32_t kTextRoom = 32;
constexpr uint32_t kLists = 2048;  // lists of handles, and of pairs of texts
constexpr uint32_t kData = 4096;
constexpr uint32_t kHeap = 8192;  // what realloc hands out

constexpr std::string_view kText[] = {"10.0.0.1:80",
                                      "peer.example:443",
                                      "peer.example",
                                      "[fd00::1]:80",
                                      "elsewhere.example",
                                      "me@localhost",
                                      "/a?b=c",
                                      "x-from",
                                      "guest",
                                      "content-length",
                                      "5",
                                      "host",
                                      "GET",
                                      "PATCH",
                                      "https",
                                      "a/b",
                                      "t",
                                      "hello",
                                      "\xff",
                                      "caf\xc3\xa9",
                                      "",
                                      "trailer"};

// Both ends of streams and futures have one type in the table of handles; here each has its own.
constexpr std::string_view kReadableStream = "readable stream";
constexpr std::string_view kWritableStream = "writable stream";
constexpr std::string_view kReadableFuture = "readable future";
constexpr std::string_view kWritableFuture = "writable future";
constexpr std::string_view kWaitable = "waitable";  // any of them, or a subtask

std::string_view type_of(wasi2::S& s, uint32_t handle) {
  const char* name = s.handles.name(handle);
  if (name == nullptr) return "";
  const auto* end = s.handles.find<wasi2::ChannelEnd>(handle);
  if (end == nullptr) return name;
  if (s.channels[end->channel]->is_future) {
    return end->readable ? kReadableFuture : kWritableFuture;
  }
  return end->readable ? kReadableStream : kWritableStream;
}

bool fits(std::string_view wanted, std::string_view type) {
  if (wanted == kWaitable) return type == "subtask" || type.find("able ") != type.npos;
  return !type.empty() && (wanted.empty() || wanted == type);
}

std::string_view without_prefix(std::string_view name) {
  for (const std::string_view prefix : {"[async-lower]", "[async]"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  return name;
}

// The type of the handle that a function takes first, by its name; "": it takes none first.
std::string_view first_handle(const wasi2::Function& function) {
  constexpr std::pair<std::string_view, std::string_view> kOthers[] = {
      {"[constructor]outgoing-request", "fields"},
      {"[constructor]outgoing-response", "fields"},
      {"[static]fields.from-list", ""},
      {"[static]request.new", "fields"},
      {"[static]response.new", "fields"},
      {"future.cancel-read", kReadableFuture},
      {"future.cancel-write", kWritableFuture},
      {"future.drop-readable", kReadableFuture},
      {"future.drop-writable", kWritableFuture},
      {"future.read", kReadableFuture},
      {"future.write", kWritableFuture},
      {"handle", "outgoing-request"},
      {"http-error-code", "error"},
      {"filesystem-error-code", "error"},
      {"resolve-addresses", "network"},
      {"send", "request"},
      {"stream.cancel-read", kReadableStream},
      {"stream.cancel-write", kWritableStream},
      {"stream.drop-readable", kReadableStream},
      {"stream.drop-writable", kWritableStream},
      {"stream.read", kReadableStream},
      {"stream.write", kWritableStream},
      {"waitable.join", kWaitable},
      {"write-via-stream", kReadableStream},
  };
  std::string_view name = without_prefix(function.name);
  for (const auto& [other, type] : kOthers) {
    if (name == other) return type;
  }
  for (const std::string_view prefix : {"[method]", "[static]", "[resource-drop]"}) {
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      return name.substr(0, name.find('.'));
    }
  }
  for (const std::string_view type : {"waitable-set", "subtask"}) {
    if (name.starts_with(type) && !name.ends_with(".new")) return type;
  }
  return "";
}

// Of one that it takes later; "": any.
std::string_view later_handle(std::string_view name, std::size_t place) {
  struct Later {
    std::string_view function;
    std::size_t place;
    std::string_view type;
  };
  constexpr Later kLater[] = {
      {"[method]descriptor.append-via-stream", 1, kReadableStream},
      {"[method]descriptor.write-via-stream", 1, kReadableStream},
      {"[method]output-stream.blocking-splice", 1, "input-stream"},
      {"[method]output-stream.splice", 1, "input-stream"},
      {"[method]tcp-socket.start-connect", 1, "network"},
      {"[static]outgoing-body.finish", 2, "fields"},
      {"[static]request.consume-body", 1, kReadableFuture},
      {"[static]request.new", 2, kReadableStream},
      {"[static]request.new", 3, kReadableFuture},
      {"[static]request.new", 5, "request-options"},
      {"[static]response-outparam.set", 2, "outgoing-response"},
      {"[static]response.consume-body", 1, kReadableFuture},
      {"[static]response.new", 2, kReadableStream},
      {"[static]response.new", 3, kReadableFuture},
      {"handle", 2, "request-options"},
      {"task.return:http", 1, "response"},
      {"waitable.join", 1, "waitable-set"},
  };
  name = without_prefix(name);
  for (const Later& later : kLater) {
    if (name == later.function && place == later.place) return later.type;
  }
  return "";
}

class Guest {
 public:
  Guest(wasi::Context& context, wasi2::Session& session)
      : context_(context), session_(session), bytes_(kMemory) {
    for (std::size_t i = 0; i < std::size(kText); ++i) {
      std::memcpy(bytes_.data() + text_at(i), kText[i].data(), kText[i].size());
    }
    for (uint32_t i = 0; i < 64; ++i) {
      const std::size_t text = i % std::size(kText);
      put(kLists + i * 4, i % 12);  // handles
      put(kLists + 512 + i * 8, text_at(text));
      put(kLists + 516 + i * 8, static_cast<uint32_t>(kText[text].size()));
    }
    for (uint32_t i = kData; i < kHeap; ++i) bytes_[i] = static_cast<std::uint8_t>('a' + i % 26);
  }

  // Whether the guest goes on.
  bool step(wasi::FuzzInput& input) {
    const unsigned number = input.byte() | input.byte() << 8;
    if (number >= 0xf800) return false;  // the event ends here
    if (number >= 0xf000) {
      poke(input);
      return true;
    }
    const auto functions = number % 2 == 0 ? wasi2::functions() : wasi2::async_functions();
    const wasi2::Function& function = functions[number / 2 % functions.size()];
    if (function.name.starts_with("alloc_")) return true;  // as part of each call
    std::uint64_t args[wasi2::kMaxParams] = {};
    if (!take_arguments(function, input, args)) return true;
    return call(function, args);
  }

 private:
  static uint32_t text_at(std::size_t number) {
    return kTexts + static_cast<uint32_t>(number) * kTextRoom;
  }
  void put(uint32_t at, uint32_t value) { std::memcpy(bytes_.data() + at, &value, sizeof value); }

  void poke(wasi::FuzzInput& input) {
    const uint32_t at = input.byte() * (kMemory / 256);
    const std::string_view bytes = input.bytes(input.byte() % 64u);
    std::memcpy(bytes_.data() + at, bytes.data(),
                std::min<std::size_t>(bytes.size(), kMemory - at));
  }

  // By the shape of the function: its own handle comes first, the place for a result last. False:
  // there is no handle of the type that it takes.
  bool take_arguments(const wasi2::Function& function, wasi::FuzzInput& input,
                      std::uint64_t* args) {
    const std::size_t count = function.params.size();
    const bool places_result =
        function.results.empty() && count > 1 && function.interface != wasi2::kCanonModule;
    const std::string_view first = first_handle(function);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t byte = input.byte();
      const std::uint8_t low = byte % 32;
      if (byte >= 0xf0) {
        args[i] = odd(low);
      } else if (function.params[i] == 'I') {
        args[i] = low;
      } else if (i == 0 && !first.empty()) {
        args[i] = handle(first, low);
        if (args[i] == 0) return false;
      } else if (i + 1 == count && places_result) {
        args[i] = kRet;
      } else {
        switch (byte / 32) {
          case 0:
            args[i] = byte % 2;  // which case of an option or a result
            break;
          case 1:
            args[i] = handle(later_handle(function.name, i), low);
            break;
          case 2:
          case 3:
            args[i] = text_at(byte % std::size(kText));
            if (i + 1 < count) args[++i] = kText[byte % std::size(kText)].size();
            break;
          case 4:
            args[i] = kData + low * 8u;
            break;
          case 5:
            args[i] = kLists + (low % 16) * 64u;
            break;
          default:
            args[i] = low;
        }
      }
    }
    return true;
  }

  // A live handle of this type (any: ""), the latest at 0; 0 where there is none.
  std::uint64_t handle(std::string_view type, std::uint8_t low) {
    std::vector<uint32_t> fitting;
    for (uint32_t each = kMostHandles; each > 0; --each) {
      if (fits(type, type_of(session_.state(), each))) fitting.push_back(each);
    }
    return fitting.empty() ? 0 : fitting[low % fitting.size()];
  }
  static std::uint64_t odd(std::uint8_t low) {
    constexpr std::uint64_t kOdd[] = {kMemory - 1, kMemory - 8, kMemory,    0x7fffffff,
                                      0x80000000,  0xfffffff0,  0xffffffff, 0};
    return kOdd[low % std::size(kOdd)];
  }

  bool call(const wasi2::Function& function, const std::uint64_t* args) {
    static const wasi2::Function& next = *wasi2::find_function(wasi2::kAbiModule, "alloc_next");
    static const wasi2::Function& give = *wasi2::find_function(wasi2::kAbiModule, "alloc_give");
    const wasi::Memory memory{bytes_.data(), bytes_.size()};
    std::memset(bytes_.data() + kRet, 0, 32);
    const wasi2::CallResult result = function.call(context_, memory, args);
    if (result.stop) return false;
    for (uint32_t at = kHeap;;) {
      const std::uint64_t none[wasi2::kMaxParams] = {};
      const std::uint64_t wanted = next.call(context_, memory, none).value;
      if (wanted == 0) return context_.stop() == wasi::Stop::kNone && session_.trap().empty();
      const auto alignment = static_cast<uint32_t>(wanted >> 32);
      at = (at + alignment - 1) / alignment * alignment;
      const std::uint64_t given[wasi2::kMaxParams] = {at};
      if (give.call(context_, memory, given).stop) return false;
      at += std::min(static_cast<uint32_t>(wanted), kMemory);
    }
  }

  wasi::Context& context_;
  wasi2::Session& session_;
  std::vector<std::uint8_t> bytes_;  // exactly the guest's: a sanitizer sees the first byte past it
};

// As the host takes it: what a client is given has been checked by then.
void check_reply(wasi2::Session& session, function::ReplyForm form) {
  host::Reply reply;
  if (!host::read_response(session, form, reply).ok()) return;
  if (reply.event && !event::validate(*reply.event).ok()) std::abort();
  if (!reply.http) return;
  for (const auto* fields : {&reply.http->headers, &reply.http->trailers}) {
    for (const auto& [name, value] : *fields) {
      if (!http::is_token(name) || !http::is_field_value(value)) std::abort();
    }
  }
}

// One event of an instance that may serve more: what the one before left must not be found.
void run_event(wasi::Context& context, const wasi::ScriptedAccess& access, wasi::FuzzInput& input,
               const Clock& clock) {
  static const auto files = *wasi::FileTree::make({{"t/a", "of the tree"}, {"a/b", "x"}});
  wasi::Setup setup = wasi2::bounded_setup(kBound);
  setup.deadline = Monotonic(clock.monotonic() + std::chrono::hours(1));
  setup.network = access.get();
  setup.files = files.get();
  context.reset(std::move(setup));
  wasi2::Session& session = wasi2::Session::of(context);
  session.begin(&wasi2::posted_request());
  if (context.opened() != 0 || session.answered() != wasi2::Answered::kNothing) std::abort();
  Guest guest(context, session);
  for (std::size_t i = 0; i < kMostCalls && !input.empty(); ++i) {
    if (!guest.step(input)) break;
    const auto unfinished = session.unfinished();
    if (unfinished && unfinished->body.size() > kBound) std::abort();
  }
  if (context.out().size() > kBound || context.err().size() > kBound) std::abort();
  if (session.answered() != wasi2::Answered::kNothing && session.response().body.size() > kBound) {
    std::abort();
  }
  check_reply(session,
              input.empty() ? function::ReplyForm::kCgi : function::ReplyForm::kCloudEvent);
  // As a warmed snapshot would ask.
  if (const auto left = session.left(); left.ok() && !wasi2::check_left(*left).ok()) std::abort();
  wasi::ScriptedAccess::check_records(context);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const wasi::QuickClock clock;
  static wasi::CountingRandom random;
  wasi::FuzzInput input(data, size);
  wasi::ScriptedAccess access(input.bytes(input.byte() * 8u));
  {
    wasi::Context context(clock, random);
    run_event(context, access, input, clock);
    run_event(context, access, input, clock);
  }
  access.check_closed();
  return 0;
}
