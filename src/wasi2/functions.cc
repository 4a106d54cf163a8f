#include "wasi2/functions.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "wasi2/function_table.h"

namespace ferry::wasi2 {
namespace {

CallResult unknown(wasi::Context& context, wasi::Memory /*memory*/, const u64* /*args*/) {
  if (S* s = Entered::session_of(context)) trap(*s, "a call of a function that WASI 0.2 has not");
  return {0, true};
}

constexpr Function kFunctions[] = {
    FERRY_ABI("alloc_give", alloc_give),
    FERRY_ABI("alloc_next", alloc_next),
    FERRY_ABI("event_first", event_first),
    FERRY_ABI("event_second", event_second),
    FERRY_ABI("incoming_request", incoming_request),
    FERRY_FUNCTION(kAbiModule, "next_event", next_event),
    FERRY_ABI("random_get", random_get),
    FERRY_ABI("request", new_request),
    FERRY_ABI("response_outparam", response_outparam),
    FERRY_ABI("run_result", run_result),
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
    FERRY_FUNCTION("wasi:http/types", "[method]fields.append", fields_append<false>),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.clone", fields_clone),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.delete", fields_delete<false>),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.entries", fields_entries),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.get", fields_get),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.has", fields_has),
    FERRY_FUNCTION("wasi:http/types", "[method]fields.set", fields_set<false>),
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
                   request_authority<OutgoingRequest>),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.body", outgoing_request_body),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.headers", outgoing_request_headers),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.method",
                   request_method<OutgoingRequest>),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.path-with-query",
                   request_path_with_query<OutgoingRequest>),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.scheme",
                   request_scheme<OutgoingRequest>),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-authority",
                   request_set_authority<OutgoingRequest>),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-method",
                   request_set_method<OutgoingRequest>),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-path-with-query",
                   request_set_path_with_query<OutgoingRequest>),
    FERRY_FUNCTION("wasi:http/types", "[method]outgoing-request.set-scheme",
                   request_set_scheme<OutgoingRequest>),
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
    FERRY_FUNCTION("wasi:http/types", "[static]fields.from-list", fields_from_list<false>),
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

static_assert(std::ranges::is_sorted(kFunctions, {}, function_key));
static_assert(std::ranges::all_of(kFunctions, is_carried_by_one_import));

// "wasi:io/poll@0.2.3" → "wasi:io/poll", "wasi:cli/run@0.3.0" → "wasi:cli/run@0.3"; nothing where
// it is of another version.
std::string_view interface_of(std::string_view module) {
  if (module == kAbiModule) return module;
  const std::size_t at = std::min(module.find('@'), module.size());
  const std::string_view version = module.substr(at);
  constexpr std::size_t kMinor = std::string_view("@0.3").size();
  const bool digits =
      version.size() > kMinor + 1 && version[kMinor] == '.' &&
      std::ranges::all_of(version.substr(kMinor + 1), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return {};
  if (version.starts_with("@0.2")) return module.substr(0, at);
  return version.starts_with("@0.3") ? module.substr(0, at + kMinor) : std::string_view();
}

// A drop is imported from where the guest's bindings found the type: an interface may use another's
// resource, by its name or by the two that wasi:http has for fields.
const Function* find_drop(std::string_view name) {
  if (!name.starts_with("[resource-drop]")) return nullptr;
  if (name == "[resource-drop]headers" || name == "[resource-drop]trailers") {
    name = "[resource-drop]fields";
  }
  if (name == "[resource-drop]io-error") name = "[resource-drop]error";
  for (const auto table : {functions(), async_functions()}) {
    const auto found = std::ranges::find(table, name, &Function::name);
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

// FNV-1a over both names.
std::uint32_t hash_of(const Function& function) {
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
  const Function* function = nullptr;
};

std::vector<Numbered> number_all() {
  std::vector<Numbered> out;
  for (const auto table : {functions(), async_functions()}) {
    for (const Function& each : table) out.push_back({hash_of(each), &each});
  }
  std::ranges::sort(out, {}, &Numbered::number);
  return out;
}

}  // namespace

std::span<const Function> functions() { return kFunctions; }

const Function* find_in(std::span<const Function> table, std::string_view interface,
                        std::string_view name) {
  const auto wanted = std::pair(interface, name);
  const auto found = std::ranges::lower_bound(table, wanted, {}, function_key);
  return found != table.end() && function_key(*found) == wanted ? &*found : nullptr;
}

const Function* find_function(std::string_view module, std::string_view name) {
  if (module == kCanonModule) return find_builtin(name);
  const std::string_view interface = interface_of(module);
  name = name.substr(0, name.find('#'));
  if (interface.empty()) return nullptr;
  const auto table = interface.ends_with("@0.3") ? async_functions() : functions();
  if (const Function* found = find_in(table, interface, name)) return found;
  return interface.starts_with("wasi:") ? find_drop(name) : nullptr;
}

std::optional<std::uint32_t> function_number(std::string_view module, std::string_view name) {
  const Function* found = find_function(module, name);
  return found != nullptr ? std::optional(hash_of(*found)) : std::nullopt;
}

const Function& find_numbered(std::uint32_t number) {
  static const std::vector<Numbered> kNumbers = number_all();
  static constexpr Function kUnknown{"", "unknown", "", "", &unknown};
  const auto found = std::ranges::lower_bound(kNumbers, number, {}, &Numbered::number);
  return found != kNumbers.end() && found->number == number ? *found->function : kUnknown;
}

}  // namespace ferry::wasi2
