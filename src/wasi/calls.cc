#include "wasi/calls.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "wasi/functions.h"
#include "wasi/trace.h"

namespace ferry::wasi {
namespace {

// From a function of typed parameters: its letters, and a CallFn that takes the slots apart.
template <typename F>
struct Shape;

template <typename... P>
struct Shape<Answer (*)(Context::State&, Guest, P...)> {
  static_assert(sizeof...(P) <= kMaxParams);
  static constexpr std::array<char, sizeof...(P)> kLetters = {
      (std::is_same_v<P, std::uint64_t> ? 'I' : 'i')...};

  template <auto kFunction, std::size_t... I>
  static Answer call(Context::State& state, Guest guest, const std::uint64_t* args,
                     std::index_sequence<I...> /*indices*/) {
    return kFunction(state, guest, static_cast<P>(args[I])...);
  }

  template <auto kFunction>
  static CallResult bound(Context& context, Memory memory, const std::uint64_t* args) {
    Answer answer = call<kFunction>(context.state(), Guest(memory), args,
                                    std::make_index_sequence<sizeof...(P)>());
    return {static_cast<std::uint32_t>(answer.error), answer.stop};
  }
};

template <auto kFunction>
constexpr Call entry(std::string_view name, bool has_result = true) {
  using Of = Shape<decltype(kFunction)>;
  return {name, std::string_view(Of::kLetters.data(), Of::kLetters.size()), has_result,
          &Of::template bound<kFunction>};
}

#define FERRY_CALL(name) entry<&wasi::name>(#name)
constexpr Call kCalls[] = {
    FERRY_CALL(args_get),
    FERRY_CALL(args_sizes_get),
    FERRY_CALL(clock_res_get),
    FERRY_CALL(clock_time_get),
    FERRY_CALL(environ_get),
    FERRY_CALL(environ_sizes_get),
    FERRY_CALL(fd_advise),
    FERRY_CALL(fd_allocate),
    FERRY_CALL(fd_close),
    FERRY_CALL(fd_datasync),
    FERRY_CALL(fd_fdstat_get),
    FERRY_CALL(fd_fdstat_set_flags),
    FERRY_CALL(fd_fdstat_set_rights),
    FERRY_CALL(fd_filestat_get),
    FERRY_CALL(fd_filestat_set_size),
    FERRY_CALL(fd_filestat_set_times),
    FERRY_CALL(fd_pread),
    FERRY_CALL(fd_prestat_dir_name),
    FERRY_CALL(fd_prestat_get),
    FERRY_CALL(fd_pwrite),
    FERRY_CALL(fd_read),
    FERRY_CALL(fd_readdir),
    FERRY_CALL(fd_renumber),
    FERRY_CALL(fd_seek),
    FERRY_CALL(fd_sync),
    FERRY_CALL(fd_tell),
    FERRY_CALL(fd_write),
    FERRY_CALL(path_create_directory),
    FERRY_CALL(path_filestat_get),
    FERRY_CALL(path_filestat_set_times),
    FERRY_CALL(path_link),
    FERRY_CALL(path_open),
    FERRY_CALL(path_readlink),
    FERRY_CALL(path_remove_directory),
    FERRY_CALL(path_rename),
    FERRY_CALL(path_symlink),
    FERRY_CALL(path_unlink_file),
    FERRY_CALL(poll_oneoff),
    entry<&proc_exit>("proc_exit", false),
    FERRY_CALL(proc_raise),
    FERRY_CALL(random_get),
    FERRY_CALL(sched_yield),
    FERRY_CALL(sock_accept),
    entry<&sock_accept_v1>("sock_accept.v1"),
    FERRY_CALL(sock_bind),
    FERRY_CALL(sock_connect),
    FERRY_CALL(sock_getaddrinfo),
    FERRY_CALL(sock_getlocaladdr),
    entry<&sock_getlocaladdr_v2>("sock_getlocaladdr.v2"),
    FERRY_CALL(sock_getpeeraddr),
    entry<&sock_getpeeraddr_v2>("sock_getpeeraddr.v2"),
    FERRY_CALL(sock_getsockopt),
    FERRY_CALL(sock_listen),
    FERRY_CALL(sock_open),
    FERRY_CALL(sock_recv),
    FERRY_CALL(sock_recv_from),
    entry<&sock_recv_from_v2>("sock_recv_from.v2"),
    FERRY_CALL(sock_send),
    FERRY_CALL(sock_send_to),
    FERRY_CALL(sock_setsockopt),
    FERRY_CALL(sock_shutdown),
};
#undef FERRY_CALL
static_assert(std::size(kCalls) == 46 + 15);  // preview 1, and the sockets extension
static_assert(std::ranges::is_sorted(kCalls, {}, &Call::name));

// The same, each printed.
template <std::size_t I>
CallResult traced(Context& context, Memory memory, const std::uint64_t* args) {
  const CallResult result = kCalls[I].function(context, memory, args);
  print_call(kCalls[I], memory, args, result);
  return result;
}

template <std::size_t... I>
constexpr std::array<Call, sizeof...(I)> trace_all(std::index_sequence<I...> /*indices*/) {
  return {Call{kCalls[I].name, kCalls[I].params, kCalls[I].has_result, &traced<I>}...};
}
constexpr auto kTraced = trace_all(std::make_index_sequence<std::size(kCalls)>());

// Decided when the program is loaded, before it has a second thread.
const std::span<const Call> kChosen =
    std::getenv(kTraceVariable) == nullptr  // NOLINT(concurrency-mt-unsafe)
        ? std::span<const Call>(kCalls)
        : std::span<const Call>(kTraced);

}  // namespace

std::span<const Call> calls() { return kChosen; }

const Call* find_call(std::string_view name) {
  const auto found = std::ranges::lower_bound(kChosen, name, {}, &Call::name);
  return found != kChosen.end() && found->name == name ? &*found : nullptr;
}

}  // namespace ferry::wasi
