#include "wasi2/channel.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "wasi2/descriptor.h"
#include "wasi2/exchange.h"
#include "wasi2/http_message.h"
#include "wasi2/http_rules.h"
#include "wasi2/http_send.h"
#include "wasi2/streams.h"
#include "wasi2/wait.h"

namespace ferry::wasi2 {
namespace {

using Awaits = Pollable::Awaits;
using How = Moved::How;

// At once, in one event; a guest that makes them in a loop must not fill the host.
constexpr std::size_t kMostChannels = 262'144;

constexpr u32 kEntrySize = 24;  // of directory-entry

// As wasi:filesystem 0.3 numbers it, whose enum has one case less than 0.2's.
std::optional<u8> error_of(const IoError* error) {
  if (error == nullptr || !error->file_error) return std::nullopt;
  constexpr u8 kWouldBlock = 1;
  const u8 code = *error->file_error;
  return code > kWouldBlock ? static_cast<u8>(code - 1) : code;
}

u32 packed(u32 result, u32 elements) { return result | elements << 4; }

Pollable readable_of(const InputStream& source) {
  if (source.from != InputStream::From::kExchange) return {};
  return {.what = Awaits::kReadable, .exchange = source.exchange};
}

Pollable writable_of(S& s, const OutputStream& sink) {
  if (sink.to != OutputStream::To::kBody || s.bodies[sink.body].exchange == kNone) return {};
  return {.what = Awaits::kWritable, .exchange = s.bodies[sink.body].exchange};
}

// Files are closed with the last that uses them.
void release_source(S& s, Channel& channel) {
  if (channel.source && channel.source->from == InputStream::From::kFile) {
    release_file(s, channel.source->file);
  }
  if (channel.entries) release_file(s, channel.entries->file);
  channel.source.reset();
  channel.entries.reset();
}

// The stream that the host reads has ended: by its writer, or because it takes no more.
void end_sink(S& s, Channel& channel, const IoError* error) {
  if (channel.sink->to == OutputStream::To::kFile) release_file(s, channel.sink->file);
  channel.sink.reset();
  if (channel.body != kNone) {
    std::optional<HttpFailure> failure;
    if (error != nullptr) {
      failure = error->http.value_or(HttpFailure{HttpError::kInternalError, {}, error->message});
    }
    end_part(s, channel.body, std::move(failure));
  } else {
    resolve(s, channel.taken, error_of(error));
  }
}

void end_source(S& s, Channel& channel, const IoError* error) {
  release_source(s, channel);
  channel.writable_gone = true;
  if (channel.outcome == kNone || s.channels[channel.outcome]->promise->awaits) return;
  resolve(s, channel.outcome, error_of(error));
}

// The next entries of a directory; each is a descriptor-type of 16 bytes and a name.
std::optional<u32> pull_entries(S& s, G g, Channel& channel, const Channel::Copy& copy) {
  constexpr u32 kMost = 64;  // at once
  std::vector<DirectoryEntry> found;
  Errno error = Errno::kSuccess;
  while (found.size() < std::min(copy.length, kMost)) {
    auto entry = next_entry(s, *channel.entries, error);
    if (!entry) break;
    found.push_back(std::move(*entry));
  }
  if (found.empty() && copy.length > 0) {
    const IoError failed{.message = {}, .file_error = file_error_of(error)};
    end_source(s, channel, error != Errno::kSuccess ? &failed : nullptr);
    return packed(kDropped, 0);
  }
  const auto count = static_cast<u32>(found.size());
  if (!begin(s, g, copy.at, count * kEntrySize, 4)) return std::nullopt;
  s.wasi03 = true;
  for (u32 i = 0; i < count; ++i) {
    s.results.put(i * kEntrySize, type_of(s, found[i].filetype));
    put_text(s, i * kEntrySize + 16, found[i].name);
  }
  s.wasi03 = false;
  return packed(kCompleted, count);
}

// Moves what the host has to a guest that reads; nothing where none has come yet.
std::optional<u32> pull(S& s, G g, Channel& channel, const Channel::Copy& copy) {
  if (!is_ready(s, readable_of(*channel.source))) return std::nullopt;
  std::string_view data;
  bool borrowed = false;
  const Moved moved = read_some(s, *channel.source, copy.length, false, data, borrowed);
  if (moved.how == How::kStopped) return std::nullopt;
  if (moved.how == How::kDone) {
    if (data.empty() && copy.length > 0) return std::nullopt;
    if (!g.put_bytes(copy.at, data.data(), static_cast<u32>(data.size()))) {
      trap(s, "a stream's buffer is gone");
    }
    return packed(kCompleted, static_cast<u32>(data.size()));
  }
  end_source(s, channel, moved.how == How::kError ? &moved.error : nullptr);
  return packed(kDropped, 0);
}

// Moves what a guest writes to the host; nothing where the host takes none yet.
std::optional<u32> push(S& s, G g, Channel& channel, const Channel::Copy& copy) {
  const Pollable writable = writable_of(s, *channel.sink);
  if (!is_ready(s, writable)) return std::nullopt;
  const u64 size =
      writable.exchange == kNone ? copy.length : std::min<u64>(copy.length, kWritePermit);
  std::string_view data;
  if (!get_bytes(s, g, copy.at, static_cast<u32>(size), data)) return std::nullopt;
  const Moved moved = write_all(s, *channel.sink, data);
  if (moved.how == How::kStopped) return std::nullopt;
  if (moved.how == How::kDone) return packed(kCompleted, static_cast<u32>(size));
  channel.readable_gone = true;
  end_sink(s, channel, moved.how == How::kError ? &moved.error : nullptr);
  return packed(kDropped, 0);
}

// Both ends are the host's: what comes in is waited for.
void splice(S& s, Channel& channel) {
  for (;;) {
    std::string_view data;
    bool borrowed = false;
    Moved moved = read_some(s, *channel.source, kWritePermit, true, data, borrowed);
    const bool came = moved.how == How::kDone;
    if (came) {
      const Pollable writable = writable_of(s, *channel.sink);
      if (!wait_for(s, {&writable, 1})) return;
      moved = write_all(s, *channel.sink, data);
    }
    if (moved.how == How::kStopped) return;
    if (moved.how == How::kDone) continue;
    const IoError* error = moved.how == How::kError ? &moved.error : nullptr;
    if (came) {
      channel.readable_gone = true;
    } else {
      end_source(s, channel, error);
    }
    return end_sink(s, channel, error);
  }
}

bool is_known(S& s, const Promise& promise) {
  return promise.known || (promise.awaits && is_ready(s, *promise.awaits));
}

// What an exchange made of a promise that awaits it.
std::optional<HttpFailure> failure_of(const S& s, const Promise& promise) {
  if (promise.failure || !promise.awaits) return promise.failure;
  return s.exchanges[promise.awaits->exchange]->failure;
}

std::shared_ptr<FieldList> trailers_of(S& s, const Promise& promise) {
  if (promise.type != Promise::Type::kTrailers || !promise.awaits) return nullptr;
  return received_trailers(*s.exchanges[promise.awaits->exchange]);
}

// The value of a known promise, into guest memory. Texts need memory of the guest's, which it can
// give only to a call that was made for the value.
void put_value(S& s, G g, const Promise& promise, u32 at, bool can_allocate) {
  switch (promise.type) {
    case Promise::Type::kCli:
    case Promise::Type::kFile: {
      const bool file = promise.type == Promise::Type::kFile;
      if (!begin(s, g, at, file ? 20 : 2, file ? 4 : 1) || !promise.code) return;
      s.results.put(0, u8{1});
      return s.results.put(file ? 4 : 1, *promise.code);
    }
    case Promise::Type::kHttp:
    case Promise::Type::kTrailers:
      break;
  }
  if (!begin(s, g, at, 40, 8)) return;
  if (auto failure = failure_of(s, promise)) {
    if (!can_allocate) failure->text.clear();
    s.results.put(0, u8{1});
    return put_http_error(s, 8, *failure);
  }
  const auto trailers = trailers_of(s, promise);
  if (!trailers || !count_fields(s, bytes_of(*trailers))) return;
  s.results.put(8, u8{1});
  s.results.put(12, make(s, Fields{.list = trailers}));
}

void take_value(S& s, G g, Channel& channel, u32 at) {
  if (channel.reader == Channel::Reader::kTrailers) take_trailers(s, g, at, channel.body);
}

// The copy that waits is over; its event is `result`, with what it has moved.
void settle(S& s, Channel& channel, u32 result) {
  ChannelEnd* end = s.handles.find<ChannelEnd>(channel.waiting.end);
  const u32 moved = channel.is_future ? 0 : channel.waiting.done;
  channel.waiting.end = 0;
  if (end != nullptr) end->event = packed(result, moved);
}

// Between two ends of the guest. Nothing where this copy has to wait.
std::optional<u32> meet(S& s, G g, Channel& channel, Channel::Copy& copy, bool reads) {
  Channel::Copy& other = channel.waiting;
  if (channel.element == Channel::kOpaque) {
    trap(s, "a stream or future of this type was read by the component that writes it");
    return std::nullopt;
  }
  const u32 left = other.length - other.done;
  if (left == 0 && (copy.length != 0 || reads || other.length != 0)) {
    settle(s, channel, kCompleted);
    return std::nullopt;
  }
  const u32 count = std::min(left, copy.length);
  const u32 waiting_at = other.at + other.done * channel.element;
  const u32 from = reads ? waiting_at : copy.at;
  const u32 to = reads ? copy.at : waiting_at;
  std::string_view bytes;
  if (!get_bytes(s, g, from, count * channel.element, bytes) ||
      !check_list(s, g, to, count, channel.element, 1)) {
    return std::nullopt;
  }
  if (!bytes.empty()) std::memmove(g.at(to), bytes.data(), bytes.size());
  other.done += count;
  if (channel.is_future) settle(s, channel, kCompleted);
  return packed(kCompleted, channel.is_future ? 0 : count);
}

// The copy's result, or nothing where it has to wait.
std::optional<u32> try_copy(S& s, G g, Channel& channel, Channel::Copy& copy, bool reads) {
  if (reads) {
    if (channel.source) return pull(s, g, channel, copy);
    if (channel.entries) return pull_entries(s, g, channel, copy);
    if (channel.promise) {
      if (!is_known(s, *channel.promise)) return std::nullopt;
      put_value(s, g, *channel.promise, copy.at, true);
      return kCompleted;
    }
    if (channel.writable_gone) return kDropped;
  } else {
    if (channel.readable_gone) return kDropped;
    if (channel.sink) return push(s, g, channel, copy);
    if (channel.reader != Channel::Reader::kGuest) {
      take_value(s, g, channel, copy.at);
      return kCompleted;
    }
  }
  return channel.waiting.end != 0 ? meet(s, g, channel, copy, reads) : std::nullopt;
}

u32 finish(const Channel& channel, ChannelEnd& end, u32 result) {
  end.copying = false;
  end.event.reset();
  end.done = (result & 0xf) == kDropped || (channel.is_future && (result & 0xf) == kCompleted);
  return result;
}

bool check_buffer(S& s, G g, const Channel& channel, u32 at, u32 length) {
  constexpr u32 kMostElements = (1u << 28) - 1;
  if (length > kMostElements) {
    trap(s, "a copy of more elements than a stream can have");
    return false;
  }
  if (channel.element == Channel::kOpaque || channel.element == 0 || length == 0) return true;
  return check_list(s, g, at, length, channel.element,
                    channel.element == kEntrySize ? 4 : channel.element);
}

}  // namespace

u32 add_channel(S& s, bool is_future, u32 element) {
  if (s.channels.size() >= kMostChannels) {
    trap(s, fmt::format("more than {} streams and futures in one event", kMostChannels));
    return kNone;
  }
  auto channel = std::make_unique<Channel>();
  channel->is_future = is_future;
  channel->element = element;
  s.channels.push_back(std::move(channel));
  return static_cast<u32>(s.channels.size() - 1);
}

u32 add_source(S& s, const InputStream& source, u32 outcome) {
  const u32 made = add_channel(s, false, 1);
  if (made == kNone) return kNone;
  s.channels[made]->source = source;
  s.channels[made]->outcome = outcome;
  return made;
}

u32 add_entries(S& s, const DirectoryStream& entries, u32 outcome) {
  const u32 made = add_channel(s, false, kEntrySize);
  if (made == kNone) return kNone;
  s.channels[made]->entries = entries;
  s.channels[made]->outcome = outcome;
  return made;
}

u32 add_promise(S& s, Promise promise) {
  const u32 made = add_channel(s, true, Channel::kOpaque);
  if (made != kNone) s.channels[made]->promise = std::make_unique<Promise>(std::move(promise));
  return made;
}

void resolve(S& s, u32 channel, std::optional<u8> code, std::optional<HttpFailure> failure) {
  if (channel == kNone) return;
  Promise& promise = *s.channels[channel]->promise;
  if (promise.known) return;
  promise.known = true;
  promise.code = code;
  promise.failure = std::move(failure);
}

u32 give_readable(S& s, u32 channel) {
  return channel == kNone ? 0 : make(s, ChannelEnd{.channel = channel, .readable = true});
}

u32 take_readable(S& s, u32 handle, bool is_future) {
  const ChannelEnd* end = need<ChannelEnd>(s, handle);
  if (end == nullptr) return kNone;
  if (!end->readable || s.channels[end->channel]->is_future != is_future) {
    trap(s, fmt::format("handle {} is not the readable end of a {}", handle,
                        is_future ? "future" : "stream"));
    return kNone;
  }
  if (end->copying || end->done || end->set != 0) {
    trap(s, "a stream or future was given away while it was in use");
    return kNone;
  }
  const u32 channel = end->channel;
  s.handles.drop(handle);
  return channel;
}

void read_into(S& s, G g, u32 index, const OutputStream& sink, u32 taken, u32 body) {
  Channel& channel = *s.channels[index];
  channel.sink = sink;
  channel.element = 1;
  channel.body = body;
  channel.taken = taken;
  if (channel.source) return splice(s, channel);
  if (channel.waiting.end != 0) {
    if (!check_buffer(s, g, channel, channel.waiting.at, channel.waiting.length)) return;
    if (const auto result = push(s, g, channel, channel.waiting)) {
      channel.waiting.done = *result >> 4;
      settle(s, channel, *result & 0xf);
    }
  } else if (channel.writable_gone) {
    end_sink(s, channel, nullptr);
  }
}

void read_future(S& s, G g, u32 index, Channel::Reader reader, u32 body) {
  Channel& channel = *s.channels[index];
  channel.reader = reader;
  channel.body = body;
  if (channel.promise) {
    if (reader != Channel::Reader::kTrailers) return;
    const Promise& promise = *channel.promise;
    if (promise.awaits && !wait_for(s, {&*promise.awaits, 1})) return;
    const auto failure = failure_of(s, promise);
    if (const auto trailers = trailers_of(s, promise)) s.bodies[body].trailers = *trailers;
    return end_part(s, body, failure);
  }
  if (channel.waiting.end == 0) return;
  take_value(s, g, channel, channel.waiting.at);
  settle(s, channel, kCompleted);
}

void drop_readable(S& s, u32 index) {
  if (index == kNone) return;
  Channel& channel = *s.channels[index];
  if (channel.readable_gone) return;
  channel.readable_gone = true;
  if (channel.waiting.end != 0) settle(s, channel, kDropped);
  // What nobody reads of a response is read and dropped, so that the trailers behind it are found;
  // with nobody to read these either, the exchange ends.
  if (channel.promise && channel.promise->awaits && channel.promise->awaits->what == Awaits::kEnd) {
    Exchange& exchange = *s.exchanges[channel.promise->awaits->exchange];
    if (exchange.discards) abandon(exchange);
  }
  if (channel.source && channel.source->from == InputStream::From::kExchange) {
    Exchange& exchange = *s.exchanges[channel.source->exchange];
    exchange.discards = true;
    if (s.channels[channel.outcome]->readable_gone) abandon(exchange);
    return;
  }
  if (channel.source || channel.entries) end_source(s, channel, nullptr);
}

u32 begin_copy(S& s, G g, u32 handle, u32 at, u32 length) {
  ChannelEnd* end = s.handles.find<ChannelEnd>(handle);
  Channel& channel = *s.channels[end->channel];
  if (end->copying || end->done) {
    trap(s, end->done ? "a copy after the stream or future has ended"
                      : "a copy while another of the same end goes on");
    return 0;
  }
  if (!check_buffer(s, g, channel, at, length)) return 0;
  Channel::Copy copy{.end = handle, .at = at, .length = length};
  const auto result = try_copy(s, g, channel, copy, end->readable);
  end = s.handles.find<ChannelEnd>(handle);  // a value with handles may have moved it
  if (result) return finish(channel, *end, *result);
  end->copying = true;
  channel.waiting = copy;
  return kBlocked;
}

bool copy_is_over(S& s, G g, u32 handle) {
  ChannelEnd* end = s.handles.find<ChannelEnd>(handle);
  if (end->event) return true;
  if (!end->copying) return false;
  Channel& channel = *s.channels[end->channel];
  if (channel.promise) return is_known(s, *channel.promise);
  if (channel.waiting.done > 0) return true;
  if (channel.source || channel.sink) {
    const auto result = channel.source ? pull(s, g, channel, channel.waiting)
                                       : push(s, g, channel, channel.waiting);
    if (result) {
      channel.waiting.done = *result >> 4;
      settle(s, channel, *result & 0xf);
    }
  }
  return s.handles.find<ChannelEnd>(handle)->event.has_value();
}

std::optional<Pollable> copy_awaits(S& s, u32 handle) {
  const ChannelEnd* end = s.handles.find<ChannelEnd>(handle);
  if (!end->copying) return std::nullopt;
  const Channel& channel = *s.channels[end->channel];
  if (channel.promise) return channel.promise->awaits;
  if (channel.source) return readable_of(*channel.source);
  if (channel.sink) return writable_of(s, *channel.sink);
  return std::nullopt;
}

u32 take_copy(S& s, G g, u32 handle, bool can_allocate) {
  ChannelEnd* end = s.handles.find<ChannelEnd>(handle);
  Channel& channel = *s.channels[end->channel];
  if (end->event) return finish(channel, *end, *end->event);
  const Channel::Copy copy = std::exchange(channel.waiting, {});
  if (channel.promise) put_value(s, g, *channel.promise, copy.at, can_allocate);
  end = s.handles.find<ChannelEnd>(handle);
  return finish(channel, *end, packed(kCompleted, channel.is_future ? 0 : copy.done));
}

u32 cancel_copy(S& s, u32 handle) {
  ChannelEnd* end = s.handles.find<ChannelEnd>(handle);
  if (!end->copying) {
    trap(s, "a copy was cancelled that does not go on");
    return 0;
  }
  Channel& channel = *s.channels[end->channel];
  if (end->event) return finish(channel, *end, *end->event);
  const Channel::Copy copy = std::exchange(channel.waiting, {});
  return finish(channel, *end,
                copy.done > 0 ? packed(kCompleted, copy.done) : packed(kCancelled, 0));
}

void drop_end(S& s, u32 handle) {
  const ChannelEnd end = *s.handles.find<ChannelEnd>(handle);
  Channel& channel = *s.channels[end.channel];
  if (end.copying) return trap(s, "a stream or future was dropped while it is copied");
  if (!end.readable && channel.is_future && !end.done) {
    return trap(s, "the writable end of a future was dropped before its value was written");
  }
  s.handles.drop(handle);
  if (end.readable) return drop_readable(s, end.channel);
  channel.writable_gone = true;
  if (channel.waiting.end != 0) settle(s, channel, kDropped);
  if (channel.sink) end_sink(s, channel, nullptr);
}

}  // namespace ferry::wasi2
