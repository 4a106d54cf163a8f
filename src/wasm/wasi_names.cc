#include "wasm/wasi_names.h"

#include <algorithm>

namespace ferry::wasm {
namespace {

// wasi_snapshot_preview1.witx, lowered to core types; and the sockets extension, whose second
// generation (v2) is the one that Go programs use.
constexpr WasiName kNames[] = {
    {"args_get", "ii"},
    {"args_sizes_get", "ii"},
    {"clock_res_get", "ii"},
    {"clock_time_get", "iIi"},
    {"environ_get", "ii"},
    {"environ_sizes_get", "ii"},
    {"fd_advise", "iIIi"},
    {"fd_allocate", "iII"},
    {"fd_close", "i"},
    {"fd_datasync", "i"},
    {"fd_fdstat_get", "ii"},
    {"fd_fdstat_set_flags", "ii"},
    {"fd_fdstat_set_rights", "iII"},
    {"fd_filestat_get", "ii"},
    {"fd_filestat_set_size", "iI"},
    {"fd_filestat_set_times", "iIIi"},
    {"fd_pread", "iiiIi"},
    {"fd_prestat_dir_name", "iii"},
    {"fd_prestat_get", "ii"},
    {"fd_pwrite", "iiiIi"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiiIi"},
    {"fd_renumber", "ii"},
    {"fd_seek", "iIii"},
    {"fd_sync", "i"},
    {"fd_tell", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiiIIi"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiiIIii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
    {"proc_exit", "i"},
    {"proc_raise", "i"},
    {"random_get", "ii"},
    {"sched_yield", ""},
    {"sock_accept", "iii"},
    {"sock_accept", "ii", "sock_accept.v1"},
    {"sock_bind", "iii"},
    {"sock_connect", "iii"},
    {"sock_getaddrinfo", "iiiiiiii"},
    {"sock_getlocaladdr", "iiii"},
    {"sock_getlocaladdr", "iii", "sock_getlocaladdr.v2"},
    {"sock_getpeeraddr", "iiii"},
    {"sock_getpeeraddr", "iii", "sock_getpeeraddr.v2"},
    {"sock_getsockopt", "iiiii"},
    {"sock_listen", "ii"},
    {"sock_open", "iii"},
    {"sock_recv", "iiiiii"},
    {"sock_recv_from", "iiiiiii"},
    {"sock_recv_from", "iiiiiiii", "sock_recv_from.v2"},
    {"sock_send", "iiiii"},
    {"sock_send_to", "iiiiiii"},
    {"sock_setsockopt", "iiiii"},
    {"sock_shutdown", "ii"},
};

bool has_type(const WasiName& call, const FuncType& type) {
  if (type.params.size() != call.params.size()) {
    return false;
  }
  for (std::size_t i = 0; i < type.params.size(); ++i) {
    if (type.params[i] != (call.params[i] == 'I' ? ValType::kI64 : ValType::kI32)) {
      return false;
    }
  }
  return call.name == "proc_exit" ? type.results.empty()
                                  : type.results == std::vector{ValType::kI32};
}

}  // namespace

std::span<const WasiName> wasi_names() { return kNames; }

bool is_wasi_name(std::string_view name) {
  return std::ranges::binary_search(kNames, name, {}, &WasiName::name);
}

bool is_preview1(const WasiName& call) {
  if (!call.name.starts_with("sock_")) return true;
  constexpr std::string_view kOwn[] = {"sock_accept", "sock_recv", "sock_send", "sock_shutdown"};
  return call.bound.empty() && std::ranges::find(kOwn, call.name) != std::end(kOwn);
}

const WasiName* find_wasi_call(std::string_view name, const FuncType& type) {
  const auto range = std::ranges::equal_range(kNames, name, {}, &WasiName::name);
  const auto found =
      std::ranges::find_if(range, [&](const WasiName& call) { return has_type(call, type); });
  return found == range.end() ? nullptr : &*found;
}

}  // namespace ferry::wasm
