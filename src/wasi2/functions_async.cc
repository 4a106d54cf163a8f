// What components of WASI 0.3 import: its interfaces, and the canonical built-ins that its
// asynchronous functions need. What is the same as in 0.2 is served by the same function.
#include <array>

#include "wasi2/function_table.h"

namespace ferry::wasi2 {
namespace {

constexpr Function kAsyncFunctions[] = {
    FERRY_BUILTIN("[async]future.read", future_copy<true, false>),
    FERRY_BUILTIN("[async]future.write", future_copy<false, false>),
    FERRY_BUILTIN("[async]stream.read", stream_copy<true, false>),
    FERRY_BUILTIN("[async]stream.write", stream_copy<false, false>),
    FERRY_BUILTIN("backpressure.dec", backpressure),
    FERRY_BUILTIN("backpressure.inc", backpressure),
    FERRY_BUILTIN("future.cancel-read", cancel<true, true>),
    FERRY_BUILTIN("future.cancel-write", cancel<true, false>),
    FERRY_BUILTIN("future.drop-readable", drop_channel_end<true, true>),
    FERRY_BUILTIN("future.drop-writable", drop_channel_end<true, false>),
    FERRY_BUILTIN("future.new:0", future_new<0>),
    FERRY_BUILTIN("future.new:1", future_new<1>),
    FERRY_BUILTIN("future.new:2", future_new<2>),
    FERRY_BUILTIN("future.new:4", future_new<4>),
    FERRY_BUILTIN("future.new:8", future_new<8>),
    FERRY_BUILTIN("future.new:other", future_new<kNone>),
    FERRY_BUILTIN("future.read", future_copy<true, true>),
    FERRY_BUILTIN("future.write", future_copy<false, true>),
    FERRY_BUILTIN("stream.cancel-read", cancel<false, true>),
    FERRY_BUILTIN("stream.cancel-write", cancel<false, false>),
    FERRY_BUILTIN("stream.drop-readable", drop_channel_end<false, true>),
    FERRY_BUILTIN("stream.drop-writable", drop_channel_end<false, false>),
    FERRY_BUILTIN("stream.new:0", stream_new<0>),
    FERRY_BUILTIN("stream.new:1", stream_new<1>),
    FERRY_BUILTIN("stream.new:2", stream_new<2>),
    FERRY_BUILTIN("stream.new:4", stream_new<4>),
    FERRY_BUILTIN("stream.new:8", stream_new<8>),
    FERRY_BUILTIN("stream.new:other", stream_new<kNone>),
    FERRY_BUILTIN("stream.read", stream_copy<true, true>),
    FERRY_BUILTIN("stream.write", stream_copy<false, true>),
    FERRY_BUILTIN("subtask.cancel", subtask_cancel),
    FERRY_BUILTIN("subtask.drop", subtask_drop),
    FERRY_BUILTIN("task.cancel", task_cancel),
    FERRY_BUILTIN("task.return:http", task_return_http),
    FERRY_BUILTIN("task.return:run", task_return_run),
    FERRY_BUILTIN("thread.yield", thread_yield),
    FERRY_BUILTIN("waitable-set.drop", waitable_set_drop),
    FERRY_BUILTIN("waitable-set.new", waitable_set_new),
    FERRY_BUILTIN("waitable-set.poll", waitable_set_poll),
    FERRY_BUILTIN("waitable-set.wait", waitable_set_wait),
    FERRY_BUILTIN("waitable.join", waitable_join),
    FERRY_FUNCTION("wasi:cli/environment@0.3", "get-arguments", get_arguments),
    FERRY_FUNCTION("wasi:cli/environment@0.3", "get-environment", get_environment),
    FERRY_FUNCTION("wasi:cli/environment@0.3", "get-initial-cwd", initial_cwd),
    FERRY_FUNCTION("wasi:cli/exit@0.3", "exit", cli_exit),
    FERRY_FUNCTION("wasi:cli/exit@0.3", "exit-with-code", cli_exit_with_code),
    FERRY_FUNCTION("wasi:cli/stderr@0.3", "write-via-stream", stderr_write_via_stream),
    FERRY_FUNCTION("wasi:cli/stdin@0.3", "read-via-stream", stdin_read_via_stream),
    FERRY_FUNCTION("wasi:cli/stdout@0.3", "write-via-stream", stdout_write_via_stream),
    FERRY_DROP("wasi:cli/terminal-input@0.3", "terminal-input", TerminalInput),
    FERRY_DROP("wasi:cli/terminal-output@0.3", "terminal-output", TerminalOutput),
    FERRY_FUNCTION("wasi:cli/terminal-stderr@0.3", "get-terminal-stderr", get_terminal),
    FERRY_FUNCTION("wasi:cli/terminal-stdin@0.3", "get-terminal-stdin", get_terminal),
    FERRY_FUNCTION("wasi:cli/terminal-stdout@0.3", "get-terminal-stdout", get_terminal),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock@0.3", "[async-lower]wait-for",
                   wait_for_duration_async),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock@0.3", "[async-lower]wait-until", wait_until_async),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock@0.3", "get-resolution", monotonic_clock_resolution),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock@0.3", "now", monotonic_clock_now),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock@0.3", "wait-for", wait_for_duration),
    FERRY_FUNCTION("wasi:clocks/monotonic-clock@0.3", "wait-until", wait_until),
    FERRY_FUNCTION("wasi:clocks/system-clock@0.3", "get-resolution", monotonic_clock_resolution),
    FERRY_FUNCTION("wasi:clocks/system-clock@0.3", "now", wall_clock_now),
    FERRY_FUNCTION("wasi:http/client@0.3", "[async-lower]send", client_send_async),
    FERRY_FUNCTION("wasi:http/client@0.3", "send", client_send),
    FERRY_FUNCTION("wasi:http/types@0.3", "[constructor]fields", fields_constructor),
    FERRY_FUNCTION("wasi:http/types@0.3", "[constructor]request-options",
                   request_options_constructor),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.append", fields_append<true>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.clone", fields_clone),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.copy-all", fields_entries),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.delete", fields_delete<true>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.get", fields_get),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.get-and-delete", fields_get_and_delete),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.has", fields_has),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]fields.set", fields_set<true>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request-options.clone", request_options_clone),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request-options.get-between-bytes-timeout",
                   request_options_between_bytes),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request-options.get-connect-timeout",
                   request_options_connect),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request-options.get-first-byte-timeout",
                   request_options_first_byte),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request-options.set-between-bytes-timeout",
                   options_set_between_bytes),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request-options.set-connect-timeout",
                   options_set_connect),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request-options.set-first-byte-timeout",
                   options_set_first_byte),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.get-authority",
                   request_authority<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.get-headers", request_get_headers),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.get-method", request_method<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.get-options", request_get_options),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.get-path-with-query",
                   request_path_with_query<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.get-scheme", request_scheme<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.set-authority",
                   request_set_authority<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.set-method",
                   request_set_method<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.set-path-with-query",
                   request_set_path_with_query<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]request.set-scheme",
                   request_set_scheme<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]response.get-headers", response_get_headers),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]response.get-status-code", response_get_status),
    FERRY_FUNCTION("wasi:http/types@0.3", "[method]response.set-status-code", response_set_status),
    FERRY_DROP("wasi:http/types@0.3", "fields", Fields),
    FERRY_DROP("wasi:http/types@0.3", "request", Request),
    FERRY_DROP("wasi:http/types@0.3", "request-options", RequestOptions),
    FERRY_DROP("wasi:http/types@0.3", "response", Response),
    FERRY_FUNCTION("wasi:http/types@0.3", "[static]fields.from-list", fields_from_list<true>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[static]request.consume-body", consume_body<Request>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[static]request.new", request_new),
    FERRY_FUNCTION("wasi:http/types@0.3", "[static]response.consume-body", consume_body<Response>),
    FERRY_FUNCTION("wasi:http/types@0.3", "[static]response.new", response_new),
    FERRY_FUNCTION("wasi:random/insecure-seed@0.3", "get-insecure-seed", insecure_seed),
    FERRY_FUNCTION("wasi:random/insecure@0.3", "get-insecure-random-bytes", get_random_bytes),
    FERRY_FUNCTION("wasi:random/insecure@0.3", "get-insecure-random-u64", get_random_u64),
    FERRY_FUNCTION("wasi:random/random@0.3", "get-random-bytes", get_random_bytes),
    FERRY_FUNCTION("wasi:random/random@0.3", "get-random-u64", get_random_u64),
};
static_assert(std::ranges::is_sorted(kAsyncFunctions, {}, function_key));
static_assert(std::ranges::all_of(kAsyncFunctions, is_carried_by_one_import));

constexpr std::string_view kAsync = "[async]";

// "stream<u8>": ":1", the bytes of an element where it is a number, as both ends may then be in one
// component (CanonicalABI.md, none_or_number_type).
std::string_view element_of(std::string_view type) {
  const std::size_t open = type.find('<');
  if (open == std::string_view::npos) return ":0";
  const std::string_view element = type.substr(open + 1, type.find('>') - open - 1);
  if (element == "u8" || element == "s8") return ":1";
  if (element == "u16" || element == "s16") return ":2";
  if (element == "u32" || element == "s32" || element == "f32") return ":4";
  if (element == "u64" || element == "s64" || element == "f64") return ":8";
  return ":other";
}

// What one of several functions of a built-in's name is called in the table.
std::string_view variant_of(std::string_view name, std::string_view type) {
  if (name == "stream.new" || name == "future.new") return element_of(type);
  if (name != "task.return") return "";
  if (type == "result") return ":run";
  return type.starts_with("result<") ? ":http" : ":other";
}

}  // namespace

std::span<const Function> async_functions() { return kAsyncFunctions; }

const Function* find_builtin(std::string_view field) {
  const bool is_async = field.starts_with(kAsync);
  if (is_async) field.remove_prefix(kAsync.size());
  const std::size_t colon = std::min(field.find(':'), field.size());
  const std::string_view name = field.substr(0, colon).substr(0, field.find('#'));
  const std::string_view type = field.substr(std::min(colon + 1, field.size()));
  const bool copies = name.ends_with(".read") || name.ends_with(".write");
  std::string wanted(is_async && copies ? kAsync : "");
  wanted += name;
  wanted += variant_of(name, type);
  return find_in(kAsyncFunctions, kCanonModule, wanted);
}

}  // namespace ferry::wasi2
