#include "wasi2/functions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "wasi/socket_io.h"
#include "wasi2/calls.h"
#include "wasi2/exchange.h"
#include "wasi2/files.h"
#include "wasi2/tcp.h"

namespace ferry::wasi2 {
namespace {

// What every call begins and ends with.
class Entered {
 public:
  // `state` is null where no session was begun: the guest then ends.
  static S* session_of(wasi::Context& context) {
    Session* session = Session::find(context);
    return session != nullptr ? &session->state() : nullptr;
  }

  static void leave(S& s, G guest, bool abi) {
    if (!abi) s.encoding = Encoding::kUtf8;
    const auto fill = [&s](std::span<u8> bytes) { return fill_random(s, bytes); };
    if (!s.stopped && !s.results.finish(guest, fill)) {
      trap(s, "the result's memory is gone");
    }
  }

 private:
  // Gigabytes take seconds, and the engine cannot end the guest while it is in here.
  static bool fill_random(S& s, std::span<u8> bytes) {
    s.p1.random.fill(bytes);
    if (s.p1.setup.deadline == Monotonic::max() || s.p1.clock.monotonic() < s.p1.setup.deadline) {
      return true;
    }
    s.p1.stop = wasi::Stop::kDeadline;
    s.stopped = true;
    return false;
  }
};

template <typename T>
constexpr char letter() {
  return std::is_same_v<T, u64> ? 'I' : 'i';
}

// From a function of typed parameters: its letters, and a CallFn that takes the slots apart.
template <typename F>
struct Shape;

template <typename R, typename... P>
struct Shape<R (*)(S&, G, P...)> {
  static_assert(sizeof...(P) <= kMaxParams);
  static constexpr std::array<char, sizeof...(P)> kParams = {letter<P>()...};
  static constexpr std::array<char, std::is_void_v<R> ? 0 : 1> kResults = [] {
    std::array<char, std::is_void_v<R> ? 0 : 1> out{};
    for (char& each : out) each = letter<R>();
    return out;
  }();

  template <auto kFunction, std::size_t... I>
  static u64 call(S& s, G guest, const u64* args, std::index_sequence<I...> /*indices*/) {
    if constexpr (std::is_void_v<R>) {
      kFunction(s, guest, static_cast<P>(args[I])...);
      return 0;
    } else {
      return kFunction(s, guest, static_cast<P>(args[I])...);
    }
  }

  // `kAbi`: one of those that a result waits for, or that say how the next call is meant.
  template <auto kFunction, bool kAbi>
  static CallResult bound(wasi::Context& context, wasi::Memory memory, const u64* args) {
    S* s = Entered::session_of(context);
    if (s == nullptr) return {0, true};
    const G guest(memory);
    if (!kAbi && s->results.pending()) {
      trap(*s, "a call while memory for an earlier result was not handed over");
      return {0, true};
    }
    const u64 value =
        s->stopped ? 0 : call<kFunction>(*s, guest, args, std::make_index_sequence<sizeof...(P)>());
    Entered::leave(*s, guest, kAbi);
    return {value, s->stopped};
  }
};

template <auto kFunction, bool kAbi = false>
constexpr Function entry(std::string_view interface, std::string_view name) {
  using Of = Shape<decltype(kFunction)>;
  return {interface, name, std::string_view(Of::kParams.data(), Of::kParams.size()),
          std::string_view(Of::kResults.data(), Of::kResults.size()),
          &Of::template bound<kFunction, kAbi>};
}

// What stands behind a stream or a descriptor goes with the last that uses it.
void let_go(S& s, const Descriptor& descriptor) { release_file(s, descriptor.file); }
void let_go(S& s, const DirectoryStream& stream) { release_file(s, stream.file); }
void let_go(S& s, const InputStream& stream) {
  if (stream.from == InputStream::From::kFile) release_file(s, stream.file);
}
void let_go(S& s, const OutputStream& stream) {
  if (stream.to == OutputStream::To::kFile) release_file(s, stream.file);
}
// An exchange ends with the last handle that could have had something of it.
void let_go(S& s, const FutureResponse& future) {
  if (!future.taken) abandon(*s.exchanges[future.exchange]);
}
void let_go(S& s, const IncomingResponse& response) {
  if (!response.consumed) abandon(*s.exchanges[response.exchange]);
}
void let_go(S& s, const IncomingBody& body) {
  if (body.exchange != kNone) abandon(*s.exchanges[body.exchange]);
}
void let_go(S& s, const TcpSocket& socket) {
  wasi::end_socket(s.p1, s.tcps[socket.tcp]->fd);
  s.tcps[socket.tcp]->stage = Tcp::Stage::kClosed;
}
void let_go(S& s, const FutureTrailers& future) {
  if (future.exchange != kNone) abandon(*s.exchanges[future.exchange]);
}
// A request's body that was never finished: what was sent of it is no request.
void let_go(S& s, const OutgoingBody& body) {
  Body& dropped = s.bodies[body.body];
  dropped.abandoned = true;
  if (dropped.exchange == kNone) return;
  abandon(*s.exchanges[dropped.exchange],
          HttpFailure{HttpError::kInternalError, {}, "the request's body was never finished"});
}
template <typename R>
void let_go(S& /*s*/, const R& /*resource*/) {}

template <typename R>
void drop(S& s, G /*g*/, u32 handle) {
  if (const auto taken = take<R>(s, handle)) let_go(s, *taken);
}

CallResult unknown(wasi::Context& context, wasi::Memory /*memory*/, const u64* /*args*/) {
  if (S* s = Entered::session_of(context)) trap(*s, "a call of a function that WASI 0.2 has not");
  return {0, true};
}

// A method of a resource that nothing here gives out.
template <typename R>
CallResult absent(wasi::Context& context, wasi::Memory /*memory*/, const u64* args) {
  if (S* s = Entered::session_of(context)) {
    trap_handle(*s, static_cast<u32>(args[0]), R::kName);
  }
  return {0, true};
}

#define FERRY_FUNCTION(interface, name, function) entry<&function>(interface, name)
#define FERRY_ABI(name, function) entry<&function, true>(kAbiModule, name)
#define FERRY_DROP(interface, name, type) entry<&drop<type>>(interface, "[resource-drop]" name)
#define FERRY_ABSENT(interface, name, type, params, results) \
  Function { interface, name, params, results, &absent<type> }

constexpr Function kFunctions[] = {
    FERRY_ABI("alloc_give", alloc_give),
    FERRY_ABI("alloc_next", alloc_next),
    FERRY_ABI("incoming_request", incoming_request),
    FERRY_ABI("response_outparam", response_outparam),
    FERRY_ABI("strings", set_strings),
    FERRY_FUNCTION("wasi:cli/environment", "get-arguments", get_arguments),
    FERRY_FUNCTION("wasi:cli/environment", "get-environment", get_environment),
    FERRY_FUNCTION("wasi:cli/environment", "initial-cwd", initial_cwd),
    FERRY_FUNCTION("wasi:cli/exit", "exit", cli_exit),
    FERRY_FUNCTION("wasi:cli/exit", "exit-with-code", cli_exit_with_code),
    FERRY_FUNCTION("wasi:cli/stderr", "get-stderr", get_stderr),
    FERRY_FUNCTION("wasi:cli/stdin", "get-stdin", get_stdin),
    FERRY_FUNCTION("wasi:cli/stdout", "get-stdout", get_stdout),
    FERRY_DROP("wasi:cli/terminal-input", "terminal-input", TerminalInput),
    FERRY_DROP("wasi:cli/terminal-output", "terminal-output", TerminalOutput),
    FERRY_FUNCTION("wasi:cli/terminal-stderr", "get-terminal-stderr", get_terminal),
    FERRY_FUNCTION("wasi:cli/terminal-stdin", "get-terminal-stdin", get_terminal),
    FERRY_FUNCTION("wasi:cli/terminal-stdout", "get-terminal-stdout", get_terminal),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock", "now", monotonic_clock_now),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock", "resolution", monotonic_clock_resolution),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock", "subscribe-duration", subscribe_duration),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock", "subscribe-instant", subscribe_instant),
    FERRY_FUNCTION("wasi:clocks/wall-clock", "now", wall_clock_now),
    FERRY_FUNCTION("wasi:clocks/wall-clock", "resolution", wall_clock_resolution),
    FERRY_FUNCTION("wasi:filesystem/preopens", "get-directories", get_directories),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.advise", descriptor_advise),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.append-via-stream",
                   descriptor_append_via_stream),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.create-directory-at",
                   descriptor_create_directory_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.get-flags", descriptor_get_flags),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.get-type", descriptor_get_type),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.is-same-object",
                   descriptor_is_same_object),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.link-at", descriptor_link_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.metadata-hash",
                   descriptor_metadata_hash),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.metadata-hash-at",
                   descriptor_metadata_hash_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.open-at", descriptor_open_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.read", descriptor_read),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.read-directory",
                   descriptor_read_directory),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.read-via-stream",
                   descriptor_read_via_stream),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.readlink-at",
                   descriptor_readlink_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.remove-directory-at",
                   descriptor_remove_directory_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.rename-at", descriptor_rename_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.set-size", descriptor_set_size),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.set-times", descriptor_set_times),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.set-times-at",
                   descriptor_set_times_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.stat", descriptor_stat),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.stat-at", descriptor_stat_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.symlink-at", descriptor_symlink_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.sync", descriptor_sync),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.sync-data", descriptor_sync_data),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.unlink-file-at",
                   descriptor_unlink_file_at),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.write", descriptor_write),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]descriptor.write-via-stream",
                   descriptor_write_via_stream),
    FERRY_FUNCTION("wasi:filesystem/types", "[method]directory-entry-stream.read-directory-entry",
                   read_directory_entry),
    FERRY_DROP("wasi:filesystem/types", "descriptor", Descriptor),
    FERRY_DROP("wasi:filesystem/types", "directory-entry-stream", DirectoryStream),
    FERRY_FUNCTION("wasi:filesystem/types", "filesystem-error-code", filesystem_error_code),
    FERRY_FUNCTION("wasi:http/outgoing-handler", "handle", outgoing_handler_handle),
    FERRY_FUNCTION("wasi:http/types", "[constructor]fields", fields_constructor),
    FERRY_FUNCTION("wasi:http/types", "[constructor]outgoing-request",
                   outgoing_request_constructor),
    FERRY_FUNCTION("wasi:http/types", "[constructor]outgoing-response",
                   outgoing_response_constructor),
    FERRY_FUNCTION("wasi:http/types", "[constructor]request-options", request_options_constructor),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.append", fields_append),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.clone", fields_clone),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.delete", fields_delete),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.entries", fields_entries),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.get", fields_get),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.has", fields_has),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.set", fields_set),
    FERRY_FUNCTION("wasi:http/types", "[method]future-incoming-response.get", future_response_get),
    FERRY_FUNCTION("wasi:http/types", "[method]future-incoming-response.subscribe",
                   future_response_subscribe),
    FERRY_FUNCTION("wasi:http/types", "[method]future-trailers.get", future_trailers_get),
    FERRY_FUNCTION("wasi:http/types", "[method]future-trailers.subscribe",
                   future_trailers_subscribe),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-body.stream", incoming_body_stream),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-request.authority",
                   incoming_request_authority),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-request.consume", incoming_request_consume),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-request.headers", incoming_request_headers),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-request.method", incoming_request_method),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-request.path-with-query",
                   incoming_request_path_with_query),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-request.scheme", incoming_request_scheme),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-response.consume",
                   incoming_response_consume),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-response.headers",
                   incoming_response_headers),
    FERRY_FUNCTION("wasi:http/types", "[method]incoming-response.status", incoming_response_status),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-body.write", outgoing_body_write),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.authority",
                   outgoing_request_authority),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.body", outgoing_request_body),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.headers", outgoing_request_headers),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.method", outgoing_request_method),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.path-with-query",
                   outgoing_request_path_with_query),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.scheme", outgoing_request_scheme),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-authority",
                   outgoing_request_set_authority),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-method",
                   outgoing_request_set_method),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-path-with-query",
                   outgoing_request_set_path_with_query),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-scheme",
                   outgoing_request_set_scheme),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-response.body", outgoing_response_body),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-response.headers",
                   outgoing_response_headers),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-response.set-status-code",
                   outgoing_response_set_status_code),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-response.status-code",
                   outgoing_response_status_code),
    FERRY_FUNCTION("wasi:http/types", "[method]request-options.between-bytes-timeout",
                   request_options_between_bytes),
    FERRY_FUNCTION("wasi:http/types", "[method]request-options.connect-timeout",
                   request_options_connect),
    FERRY_FUNCTION("wasi:http/types", "[method]request-options.first-byte-timeout",
                   request_options_first_byte),
    FERRY_FUNCTION("wasi:http/types", "[method]request-options.set-between-bytes-timeout",
                   request_options_set_between_bytes),
    FERRY_FUNCTION("wasi:http/types", "[method]request-options.set-connect-timeout",
                   request_options_set_connect),
    FERRY_FUNCTION("wasi:http/types", "[method]request-options.set-first-byte-timeout",
                   request_options_set_first_byte),
    FERRY_FUNCTION("wasi:http/types", "[method]response-outparam.send-informational",
                   response_outparam_send_informational),
    FERRY_DROP("wasi:http/types", "fields", Fields),
    FERRY_DROP("wasi:http/types", "future-incoming-response", FutureResponse),
    FERRY_DROP("wasi:http/types", "future-trailers", FutureTrailers),
    FERRY_DROP("wasi:http/types", "incoming-body", IncomingBody),
    FERRY_DROP("wasi:http/types", "incoming-request", IncomingRequest),
    FERRY_DROP("wasi:http/types", "incoming-response", IncomingResponse),
    FERRY_DROP("wasi:http/types", "outgoing-body", OutgoingBody),
    FERRY_DROP("wasi:http/types", "outgoing-request", OutgoingRequest),
    FERRY_DROP("wasi:http/types", "outgoing-response", OutgoingResponse),
    FERRY_DROP("wasi:http/types", "request-options", RequestOptions),
    FERRY_DROP("wasi:http/types", "response-outparam", ResponseOutparam),
    FERRY_FUNCTION("wasi:http/types", "[static]fields.from-list", fields_from_list),
    FERRY_FUNCTION("wasi:http/types", "[static]incoming-body.finish", incoming_body_finish),
    FERRY_FUNCTION("wasi:http/types", "[static]outgoing-body.finish", outgoing_body_finish),
    FERRY_FUNCTION("wasi:http/types", "[static]response-outparam.set", response_outparam_set),
    FERRY_FUNCTION("wasi:http/types", "http-error-code", http_error_code),
    FERRY_FUNCTION("wasi:io/error", "[method]error.to-debug-string", error_to_debug_string),
    FERRY_DROP("wasi:io/error", "error", IoError),
    FERRY_FUNCTION("wasi:io/poll", "[method]pollable.block", pollable_block),
    FERRY_FUNCTION("wasi:io/poll", "[method]pollable.ready", pollable_ready),
    FERRY_DROP("wasi:io/poll", "pollable", Pollable),
    FERRY_FUNCTION("wasi:io/poll", "poll", poll),
    FERRY_FUNCTION("wasi:io/streams", "[method]input-stream.blocking-read",
                   input_stream_blocking_read),
    FERRY_FUNCTION("wasi:io/streams", "[method]input-stream.blocking-skip",
                   input_stream_blocking_skip),
    FERRY_FUNCTION("wasi:io/streams", "[method]input-stream.read", input_stream_read),
    FERRY_FUNCTION("wasi:io/streams", "[method]input-stream.skip", input_stream_skip),
    FERRY_FUNCTION("wasi:io/streams", "[method]input-stream.subscribe", input_stream_subscribe),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.blocking-flush",
                   output_stream_blocking_flush),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.blocking-splice",
                   output_stream_blocking_splice),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.blocking-write-and-flush",
                   output_stream_blocking_write),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.blocking-write-zeroes-and-flush",
                   output_stream_blocking_write_zeroes),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.check-write",
                   output_stream_check_write),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.flush", output_stream_flush),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.splice", output_stream_splice),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.subscribe", output_stream_subscribe),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.write", output_stream_write),
    FERRY_FUNCTION("wasi:io/streams", "[method]output-stream.write-zeroes",
                   output_stream_write_zeroes),
    FERRY_DROP("wasi:io/streams", "input-stream", InputStream),
    FERRY_DROP("wasi:io/streams", "output-stream", OutputStream),
    FERRY_FUNCTION("wasi:random/insecure", "get-insecure-random-bytes", get_random_bytes),
    FERRY_FUNCTION("wasi:random/insecure", "get-insecure-random-u64", get_random_u64),
    FERRY_FUNCTION("wasi:random/insecure-seed", "insecure-seed", insecure_seed),
    FERRY_FUNCTION("wasi:random/random", "get-random-bytes", get_random_bytes),
    FERRY_FUNCTION("wasi:random/random", "get-random-u64", get_random_u64),
    FERRY_FUNCTION("wasi:sockets/instance-network", "instance-network", instance_network),
    FERRY_FUNCTION("wasi:sockets/ip-name-lookup",
                   "[method]resolve-address-stream.resolve-next-address", resolve_next_address),
    FERRY_FUNCTION("wasi:sockets/ip-name-lookup", "[method]resolve-address-stream.subscribe",
                   resolve_subscribe),
    FERRY_DROP("wasi:sockets/ip-name-lookup", "resolve-address-stream", ResolveStream),
    FERRY_FUNCTION("wasi:sockets/ip-name-lookup", "resolve-addresses", resolve_addresses),
    FERRY_DROP("wasi:sockets/network", "network", Network),
    FERRY_FUNCTION("wasi:sockets/network", "network-error-code", network_error_code),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.accept", tcp_accept),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.address-family", tcp_address_family),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.finish-bind", tcp_unsupported),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.finish-connect", tcp_finish_connect),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.finish-listen", tcp_unsupported),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.hop-limit", tcp_unsupported),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.is-listening", tcp_is_listening),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-count", tcp_unsupported_u32),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-enabled", tcp_unsupported),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-idle-time",
                   tcp_unsupported_u64),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-interval",
                   tcp_unsupported_u64),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.local-address", tcp_local_address),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.receive-buffer-size",
                   tcp_unsupported_u64),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.remote-address", tcp_remote_address),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.send-buffer-size", tcp_unsupported_u64),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-hop-limit", tcp_unsupported_flag),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-count",
                   tcp_unsupported_flag),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-enabled",
                   tcp_unsupported_flag),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-idle-time",
                   tcp_unsupported_size),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-interval",
                   tcp_unsupported_size),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-listen-backlog-size",
                   tcp_unsupported_size),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-receive-buffer-size",
                   tcp_unsupported_size),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.set-send-buffer-size",
                   tcp_unsupported_size),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.shutdown", tcp_shutdown),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.start-bind", tcp_start_bind),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.start-connect", tcp_start_connect),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.start-listen", tcp_unsupported),
    FERRY_FUNCTION("wasi:sockets/tcp", "[method]tcp-socket.subscribe", tcp_subscribe),
    FERRY_DROP("wasi:sockets/tcp", "tcp-socket", TcpSocket),
    FERRY_FUNCTION("wasi:sockets/tcp-create-socket", "create-tcp-socket", create_tcp_socket),
    FERRY_ABSENT("wasi:sockets/udp", "[method]incoming-datagram-stream.receive", IncomingDatagrams,
                 "iIi", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]incoming-datagram-stream.subscribe",
                 IncomingDatagrams, "i", "i"),
    FERRY_ABSENT("wasi:sockets/udp", "[method]outgoing-datagram-stream.check-send",
                 OutgoingDatagrams, "ii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]outgoing-datagram-stream.send", OutgoingDatagrams,
                 "iiii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]outgoing-datagram-stream.subscribe",
                 OutgoingDatagrams, "i", "i"),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.address-family", UdpSocket, "i", "i"),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.finish-bind", UdpSocket, "ii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.local-address", UdpSocket, "ii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.receive-buffer-size", UdpSocket, "ii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.remote-address", UdpSocket, "ii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.send-buffer-size", UdpSocket, "ii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.set-receive-buffer-size", UdpSocket, "iIi",
                 ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.set-send-buffer-size", UdpSocket, "iIi",
                 ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.set-unicast-hop-limit", UdpSocket, "iii",
                 ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.start-bind", UdpSocket, "iiiiiiiiiiiiiii",
                 ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.stream", UdpSocket, "iiiiiiiiiiiiiii", ""),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.subscribe", UdpSocket, "i", "i"),
    FERRY_ABSENT("wasi:sockets/udp", "[method]udp-socket.unicast-hop-limit", UdpSocket, "ii", ""),
    FERRY_DROP("wasi:sockets/udp", "incoming-datagram-stream", IncomingDatagrams),
    FERRY_DROP("wasi:sockets/udp", "outgoing-datagram-stream", OutgoingDatagrams),
    FERRY_DROP("wasi:sockets/udp", "udp-socket", UdpSocket),
    FERRY_FUNCTION("wasi:sockets/udp-create-socket", "create-udp-socket", create_udp_socket),
};
#undef FERRY_FUNCTION
#undef FERRY_ABI
#undef FERRY_DROP
#undef FERRY_ABSENT

constexpr auto key(const Function& function) {
  return std::pair(function.interface, function.name);
}
static_assert(std::ranges::is_sorted(kFunctions, {}, key));

// "wasi:io/poll@0.2.3" → "wasi:io/poll"; nothing where it is of no 0.2.
std::string_view interface_of(std::string_view module) {
  if (module == kAbiModule) return module;
  const std::size_t at = std::min(module.find('@'), module.size());
  const std::string_view version = module.substr(at);
  const bool digits = version.size() > 5 && std::ranges::all_of(version.substr(5), [](char c) {
                        return c >= '0' && c <= '9';
                      });
  return version.starts_with("@0.2.") && digits ? module.substr(0, at) : std::string_view();
}

// A drop is imported from where the guest's bindings found the type: an interface may use another's
// resource, by its name or by the two that wasi:http has for fields.
const Function* find_drop(std::string_view name) {
  if (!name.starts_with("[resource-drop]")) return nullptr;
  if (name == "[resource-drop]headers" || name == "[resource-drop]trailers") {
    name = "[resource-drop]fields";
  }
  if (name == "[resource-drop]io-error") name = "[resource-drop]error";
  const auto* found =
      std::ranges::find(kFunctions, name, [](const Function& each) { return each.name; });
  return found != std::end(kFunctions) ? found : nullptr;
}

// FNV-1a over both names.
constexpr std::uint32_t hash_of(const Function& function) {
  std::uint32_t hash = 2166136261u;
  const auto add = [&hash](std::string_view text) {
    for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    hash = (hash ^ ' ') * 16777619u;
  };
  add(function.interface);
  add(function.name);
  return hash;
}

struct Numbered {
  std::uint32_t number = 0;
  std::uint32_t index = 0;  // of kFunctions
};

constexpr auto kNumbers = [] {
  std::array<Numbered, std::size(kFunctions)> out{};
  for (std::uint32_t i = 0; i < out.size(); ++i) out[i] = {hash_of(kFunctions[i]), i};
  std::ranges::sort(out, {}, &Numbered::number);
  return out;
}();
static_assert(std::ranges::adjacent_find(kNumbers, {}, &Numbered::number) == kNumbers.end());
// At most two parameters of 64 bits, as wasm/one_import.h carries them.
static_assert(std::ranges::all_of(kFunctions, [](const Function& each) {
  return std::ranges::count(each.params, 'I') <= 2;
}));

const Function* find(std::string_view module, std::string_view name) {
  const std::string_view interface = interface_of(module);
  name = name.substr(0, name.find('#'));
  if (interface.empty()) return nullptr;
  const auto wanted = std::pair(interface, name);
  const Function* found = std::ranges::lower_bound(kFunctions, wanted, {}, key);
  if (found != std::end(kFunctions) && key(*found) == wanted) return found;
  return interface.starts_with("wasi:") ? find_drop(name) : nullptr;
}

}  // namespace

std::span<const Function> functions() { return kFunctions; }

const Function* find_function(std::string_view module, std::string_view name) {
  return find(module, name);
}

std::optional<std::uint32_t> function_number(std::string_view module, std::string_view name) {
  const Function* found = find(module, name);
  return found != nullptr ? std::optional(hash_of(*found)) : std::nullopt;
}

const Function& find_numbered(std::uint32_t number) {
  static constexpr Function kUnknown{"", "unknown", "", "", &unknown};
  const auto* found = std::ranges::lower_bound(kNumbers, number, {}, &Numbered::number);
  return found != kNumbers.end() && found->number == number ? kFunctions[found->index] : kUnknown;
}

}  // namespace ferry::wasi2
