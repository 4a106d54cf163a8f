// The functions of WASI 0.2 by their flattened parameters: handles and pointers are u32, a list or
// string is a pointer and a length, a result that is not one number goes to the return pointer
// `ret`. table.cc names them. Private to src/wasi2.
#pragma once

#include "wasi2/state.h"

namespace ferry::wasi2 {

// abi.cc: ferry:abi.
u64 alloc_next(S& s, G g);
void alloc_give(S& s, G g, u32 at);
void set_strings(S& s, G g, u32 encoding);
u32 incoming_request(S& s, G g);
u32 response_outparam(S& s, G g);

// poll.cc: wasi:io/poll, wasi:io/error.
u32 pollable_ready(S& s, G g, u32 self);
void pollable_block(S& s, G g, u32 self);
void poll(S& s, G g, u32 list, u32 count, u32 ret);
void error_to_debug_string(S& s, G g, u32 self, u32 ret);

// streams.cc: wasi:io/streams. Memory and files are always ready; what goes to or comes from
// another service waits in the blocking functions alone.
void input_stream_read(S& s, G g, u32 self, u64 most, u32 ret);
void input_stream_blocking_read(S& s, G g, u32 self, u64 most, u32 ret);
void input_stream_skip(S& s, G g, u32 self, u64 most, u32 ret);
void input_stream_blocking_skip(S& s, G g, u32 self, u64 most, u32 ret);
u32 input_stream_subscribe(S& s, G g, u32 self);
void output_stream_check_write(S& s, G g, u32 self, u32 ret);
void output_stream_write(S& s, G g, u32 self, u32 data, u32 size, u32 ret);
void output_stream_blocking_write(S& s, G g, u32 self, u32 data, u32 size, u32 ret);
void output_stream_flush(S& s, G g, u32 self, u32 ret);
void output_stream_blocking_flush(S& s, G g, u32 self, u32 ret);
u32 output_stream_subscribe(S& s, G g, u32 self);
void output_stream_write_zeroes(S& s, G g, u32 self, u64 size, u32 ret);
void output_stream_blocking_write_zeroes(S& s, G g, u32 self, u64 size, u32 ret);
void output_stream_splice(S& s, G g, u32 self, u32 source, u64 most, u32 ret);
void output_stream_blocking_splice(S& s, G g, u32 self, u32 source, u64 most, u32 ret);

// clocks.cc: wasi:clocks.
u64 monotonic_clock_now(S& s, G g);
u64 monotonic_clock_resolution(S& s, G g);
u32 subscribe_instant(S& s, G g, u64 when);
u32 subscribe_duration(S& s, G g, u64 duration);
void wall_clock_now(S& s, G g, u32 ret);
void wall_clock_resolution(S& s, G g, u32 ret);

// random.cc: wasi:random.
void get_random_bytes(S& s, G g, u64 count, u32 ret);
u64 get_random_u64(S& s, G g);
u32 random_get(S& s, G g, u32 at, u32 size);
void insecure_seed(S& s, G g, u32 ret);

// cli.cc: wasi:cli.
void get_environment(S& s, G g, u32 ret);
void get_arguments(S& s, G g, u32 ret);
void initial_cwd(S& s, G g, u32 ret);
void cli_exit(S& s, G g, u32 status);
void cli_exit_with_code(S& s, G g, u32 code);
u32 get_stdin(S& s, G g);
u32 get_stdout(S& s, G g);
u32 get_stderr(S& s, G g);
void get_terminal(S& s, G g, u32 ret);

// descriptor.cc: wasi:filesystem, operations on a descriptor itself.
void get_directories(S& s, G g, u32 ret);
void descriptor_read_via_stream(S& s, G g, u32 self, u64 at, u32 ret);
void descriptor_write_via_stream(S& s, G g, u32 self, u64 at, u32 ret);
void descriptor_append_via_stream(S& s, G g, u32 self, u32 ret);
void descriptor_advise(S& s, G g, u32 self, u64 at, u64 size, u32 advice, u32 ret);
void descriptor_sync_data(S& s, G g, u32 self, u32 ret);
void descriptor_sync(S& s, G g, u32 self, u32 ret);
void descriptor_get_flags(S& s, G g, u32 self, u32 ret);
void descriptor_get_type(S& s, G g, u32 self, u32 ret);
void descriptor_set_size(S& s, G g, u32 self, u64 size, u32 ret);
void descriptor_set_times(S& s, G g, u32 self, u32 atim_case, u64 atim, u32 atim_nanos,
                          u32 mtim_case, u64 mtim, u32 mtim_nanos, u32 ret);
void descriptor_read(S& s, G g, u32 self, u64 most, u64 at, u32 ret);
void descriptor_write(S& s, G g, u32 self, u32 data, u32 size, u64 at, u32 ret);
void descriptor_stat(S& s, G g, u32 self, u32 ret);
u32 descriptor_is_same_object(S& s, G g, u32 self, u32 other);
void descriptor_metadata_hash(S& s, G g, u32 self, u32 ret);
void descriptor_read_directory(S& s, G g, u32 self, u32 ret);
void read_directory_entry(S& s, G g, u32 self, u32 ret);
void filesystem_error_code(S& s, G g, u32 error, u32 ret);

// descriptor_paths.cc: operations on paths below it.
void descriptor_open_at(S& s, G g, u32 self, u32 path_flags, u32 path, u32 length, u32 open_flags,
                        u32 flags, u32 ret);
void descriptor_create_directory_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret);
void descriptor_stat_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 ret);
void descriptor_set_times_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 atim_case,
                             u64 atim, u32 atim_nanos, u32 mtim_case, u64 mtim, u32 mtim_nanos,
                             u32 ret);
void descriptor_link_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 other,
                        u32 new_path, u32 new_length, u32 ret);
void descriptor_readlink_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret);
void descriptor_remove_directory_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret);
void descriptor_rename_at(S& s, G g, u32 self, u32 path, u32 length, u32 other, u32 new_path,
                          u32 new_length, u32 ret);
void descriptor_symlink_at(S& s, G g, u32 self, u32 path, u32 length, u32 new_path, u32 new_length,
                           u32 ret);
void descriptor_unlink_file_at(S& s, G g, u32 self, u32 path, u32 length, u32 ret);
void descriptor_metadata_hash_at(S& s, G g, u32 self, u32 flags, u32 path, u32 length, u32 ret);

// http_fields.cc: wasi:http/types fields. kVariant: of WASI 0.3, whose errors carry a text.
u32 fields_constructor(S& s, G g);
template <bool kVariant>
void fields_from_list(S& s, G g, u32 list, u32 count, u32 ret);
void fields_get(S& s, G g, u32 self, u32 name, u32 length, u32 ret);
u32 fields_has(S& s, G g, u32 self, u32 name, u32 length);
template <bool kVariant>
void fields_set(S& s, G g, u32 self, u32 name, u32 length, u32 values, u32 count, u32 ret);
template <bool kVariant>
void fields_delete(S& s, G g, u32 self, u32 name, u32 length, u32 ret);
template <bool kVariant>
void fields_append(S& s, G g, u32 self, u32 name, u32 length, u32 value, u32 size, u32 ret);
void fields_get_and_delete(S& s, G g, u32 self, u32 name, u32 length, u32 ret);
void fields_entries(S& s, G g, u32 self, u32 ret);
u32 fields_clone(S& s, G g, u32 self);

// http_incoming.cc: the request that the guest handles, and incoming bodies.
void incoming_request_method(S& s, G g, u32 self, u32 ret);
void incoming_request_path_with_query(S& s, G g, u32 self, u32 ret);
void incoming_request_scheme(S& s, G g, u32 self, u32 ret);
void incoming_request_authority(S& s, G g, u32 self, u32 ret);
u32 incoming_request_headers(S& s, G g, u32 self);
void incoming_request_consume(S& s, G g, u32 self, u32 ret);
void incoming_body_stream(S& s, G g, u32 self, u32 ret);
u32 incoming_body_finish(S& s, G g, u32 self);

// http_response.cc: the response that it makes.
u32 outgoing_response_constructor(S& s, G g, u32 headers);
u32 outgoing_response_status_code(S& s, G g, u32 self);
u32 outgoing_response_set_status_code(S& s, G g, u32 self, u32 status);
u32 outgoing_response_headers(S& s, G g, u32 self);
void outgoing_response_body(S& s, G g, u32 self, u32 ret);
void outgoing_body_write(S& s, G g, u32 self, u32 ret);
void outgoing_body_finish(S& s, G g, u32 self, u32 has_trailers, u32 trailers, u32 ret);
// The payload of an error-code, flattened and joined over its cases.
void response_outparam_set(S& s, G g, u32 param, u32 is_error, u32 first, u32 p0, u64 p1, u32 p2,
                           u32 p3, u32 p4, u32 p5);
void response_outparam_send_informational(S& s, G g, u32 self, u32 status, u32 headers, u32 ret);

// http_request.cc: requests that it sends.
u32 outgoing_request_constructor(S& s, G g, u32 headers);
void outgoing_request_body(S& s, G g, u32 self, u32 ret);
// R: outgoing-request, and request of WASI 0.3.
template <typename R>
void request_method(S& s, G g, u32 self, u32 ret);
template <typename R>
u32 request_set_method(S& s, G g, u32 self, u32 method, u32 text, u32 length);
template <typename R>
void request_path_with_query(S& s, G g, u32 self, u32 ret);
template <typename R>
u32 request_set_path_with_query(S& s, G g, u32 self, u32 some, u32 text, u32 length);
template <typename R>
void request_scheme(S& s, G g, u32 self, u32 ret);
template <typename R>
u32 request_set_scheme(S& s, G g, u32 self, u32 some, u32 scheme, u32 text, u32 length);
template <typename R>
void request_authority(S& s, G g, u32 self, u32 ret);
template <typename R>
u32 request_set_authority(S& s, G g, u32 self, u32 some, u32 text, u32 length);
u32 outgoing_request_headers(S& s, G g, u32 self);
u32 request_options_constructor(S& s, G g);
void request_options_connect(S& s, G g, u32 self, u32 ret);
u32 request_options_set_connect(S& s, G g, u32 self, u32 some, u64 duration);
void request_options_first_byte(S& s, G g, u32 self, u32 ret);
u32 request_options_set_first_byte(S& s, G g, u32 self, u32 some, u64 duration);
void request_options_between_bytes(S& s, G g, u32 self, u32 ret);
u32 request_options_set_between_bytes(S& s, G g, u32 self, u32 some, u64 duration);

// http_outgoing.cc: sending them, and their responses.
void outgoing_handler_handle(S& s, G g, u32 request, u32 has_options, u32 options, u32 ret);
u32 future_response_subscribe(S& s, G g, u32 self);
void future_response_get(S& s, G g, u32 self, u32 ret);
u32 incoming_response_status(S& s, G g, u32 self);
u32 incoming_response_headers(S& s, G g, u32 self);
void incoming_response_consume(S& s, G g, u32 self, u32 ret);
void http_error_code(S& s, G g, u32 error, u32 ret);
u32 future_trailers_subscribe(S& s, G g, u32 self);
void future_trailers_get(S& s, G g, u32 self, u32 ret);

// sockets.cc: wasi:sockets. Those named "unsupported" answer not-supported, as a result of this
// value.
void create_no_socket(S& s, G g, u32 family, u32 ret);  // of 0.3
void resolve_nothing(S& s, G g, u32 name, u32 length, u32 ret);
u32 resolve_nothing_start(S& s, G g, u32 name, u32 length, u32 ret);
u32 instance_network(S& s, G g);
void resolve_addresses(S& s, G g, u32 network, u32 name, u32 length, u32 ret);
void resolve_next_address(S& s, G g, u32 self, u32 ret);
u32 resolve_subscribe(S& s, G g, u32 self);
void create_tcp_socket(S& s, G g, u32 family, u32 ret);
void tcp_start_connect(S& s, G g, u32 self, u32 network, u32 family, u32 port, u32 p1, u32 p2,
                       u32 p3, u32 p4, u32 p5, u32 p6, u32 p7, u32 p8, u32 p9, u32 scope, u32 ret);
void tcp_finish_connect(S& s, G g, u32 self, u32 ret);
void tcp_start_bind(S& s, G g, u32 self, u32 network, u32 family, u32 port, u32 p1, u32 p2, u32 p3,
                    u32 p4, u32 p5, u32 p6, u32 p7, u32 p8, u32 p9, u32 scope, u32 ret);
void tcp_accept(S& s, G g, u32 self, u32 ret);
void tcp_unsupported(S& s, G g, u32 self, u32 ret);
void tcp_unsupported_u32(S& s, G g, u32 self, u32 ret);
void tcp_unsupported_u64(S& s, G g, u32 self, u32 ret);
void tcp_unsupported_flag(S& s, G g, u32 self, u32 value, u32 ret);
void tcp_unsupported_size(S& s, G g, u32 self, u64 value, u32 ret);
void tcp_remote_address(S& s, G g, u32 self, u32 ret);
void tcp_local_address(S& s, G g, u32 self, u32 ret);
u32 tcp_is_listening(S& s, G g, u32 self);
u32 tcp_address_family(S& s, G g, u32 self);
u32 tcp_subscribe(S& s, G g, u32 self);
void tcp_shutdown(S& s, G g, u32 self, u32 which, u32 ret);
void create_udp_socket(S& s, G g, u32 family, u32 ret);
void network_error_code(S& s, G g, u32 error, u32 ret);

// canon.cc: ferry:canon, and ferry:abi of WASI 0.3.
u32 next_event(S& s, G g, u32 code);
u32 event_first(S& s, G g);
u32 event_second(S& s, G g);
u32 run_result(S& s, G g);
void task_return_run(S& s, G g, u32 result);
void task_cancel(S& s, G g);
void backpressure(S& s, G g);
u32 thread_yield(S& s, G g);
u32 waitable_set_new(S& s, G g);
u32 waitable_set_wait(S& s, G g, u32 set, u32 at);
u32 waitable_set_poll(S& s, G g, u32 set, u32 at);
void waitable_set_drop(S& s, G g, u32 set);
void waitable_join(S& s, G g, u32 handle, u32 set);
u32 subtask_cancel(S& s, G g, u32 handle);
void subtask_drop(S& s, G g, u32 handle);
template <u32 kElement>  // bytes; kNone: of a type that is no number
u64 stream_new(S& s, G g);
template <u32 kElement>
u64 future_new(S& s, G g);
template <bool kReads, bool kWaits>
u32 stream_copy(S& s, G g, u32 handle, u32 at, u32 length);
template <bool kReads, bool kWaits>
u32 future_copy(S& s, G g, u32 handle, u32 at);
template <bool kFuture, bool kReads>
u32 cancel(S& s, G g, u32 handle);
template <bool kFuture, bool kReads>
void drop_channel_end(S& s, G g, u32 handle);

// descriptor_async.cc: wasi:filesystem 0.3, beside what of 0.2 is served with other results. Those
// named "_start" are called with async, their parameters in memory where they are more than four.
void read_via_stream(S& s, G g, u32 self, u64 at, u32 ret);
u32 write_via_stream(S& s, G g, u32 self, u32 stream, u64 at);
u32 append_via_stream(S& s, G g, u32 self, u32 stream);
void read_directory(S& s, G g, u32 self, u32 ret);
u32 is_same_object_start(S& s, G g, u32 self, u32 other, u32 ret);
u32 set_times_start(S& s, G g, u32 params, u32 ret);
u32 set_times_at_start(S& s, G g, u32 params, u32 ret);
u32 open_at_start(S& s, G g, u32 params, u32 ret);
u32 link_at_start(S& s, G g, u32 params, u32 ret);
u32 rename_at_start(S& s, G g, u32 params, u32 ret);
u32 symlink_at_start(S& s, G g, u32 params, u32 ret);

// A function of 0.2 as 0.3 has it (State::wasi03), called and called with async: files are always
// ready, so that it is over at once.
template <auto kCall>
struct OfWasi03;
template <typename... P, void (*kCall)(S&, G, P...)>
struct OfWasi03<kCall> {
  static void call(S& s, G g, P... args) {
    s.wasi03 = true;
    kCall(s, g, args...);
    s.wasi03 = false;
  }
  static u32 start(S& s, G g, P... args) {
    call(s, g, args...);
    return static_cast<u32>(Subtask::State::kReturned);
  }
};

// http_message.cc: wasi:http 0.3.
u32 new_request(S& s, G g);
void task_return_http(S& s, G g, u32 is_error, u32 first, u32 p0, u64 p1, u32 p2, u32 p3, u32 p4,
                      u32 p5);
void request_new(S& s, G g, u32 headers, u32 some_contents, u32 own_contents, u32 trailers,
                 u32 some_options, u32 own_options, u32 ret);
void response_new(S& s, G g, u32 headers, u32 some_contents, u32 own_contents, u32 trailers,
                  u32 ret);
template <typename R>
void consume_body(S& s, G g, u32 self, u32 result, u32 ret);
u32 request_get_headers(S& s, G g, u32 self);
void request_get_options(S& s, G g, u32 self, u32 ret);
u32 response_get_status(S& s, G g, u32 self);
u32 response_set_status(S& s, G g, u32 self, u32 status);
u32 response_get_headers(S& s, G g, u32 self);
u32 request_options_clone(S& s, G g, u32 self);
void options_set_connect(S& s, G g, u32 self, u32 some, u64 duration, u32 ret);
void options_set_first_byte(S& s, G g, u32 self, u32 some, u64 duration, u32 ret);
void options_set_between_bytes(S& s, G g, u32 self, u32 some, u64 duration, u32 ret);
void client_send(S& s, G g, u32 self, u32 ret);
u32 client_send_async(S& s, G g, u32 self, u32 ret);

// cli.cc and clocks.cc: wasi:cli and wasi:clocks 0.3.
void stdin_read_via_stream(S& s, G g, u32 ret);
u32 stdout_write_via_stream(S& s, G g, u32 stream);
u32 stderr_write_via_stream(S& s, G g, u32 stream);
void wait_until(S& s, G g, u64 when);
u32 wait_until_async(S& s, G g, u64 when);
void wait_for_duration(S& s, G g, u64 duration);
u32 wait_for_duration_async(S& s, G g, u64 duration);

}  // namespace ferry::wasi2
