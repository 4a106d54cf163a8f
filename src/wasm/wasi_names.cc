#include "wasm/wasi_names.h"

#include <algorithm>

namespace ferry::wasm {
namespace {

// wasi_snapshot_preview1.witx, lowered to core types.
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
    {"sock_recv", "iiiiii"},
    {"sock_send", "iiiii"},
    {"sock_shutdown", "ii"},
};

}  // namespace

std::span<const WasiName> wasi_names() { return kNames; }

const WasiName* find_wasi_name(std::string_view name) {
  const auto* found =
      std::lower_bound(std::begin(kNames), std::end(kNames), name,
                       [](const WasiName& a, std::string_view b) { return a.name < b; });
  return found != std::end(kNames) && found->name == name ? found : nullptr;
}

bool has_wasi_type(const WasiName& call, const FuncType& type) {
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

}  // namespace ferry::wasm
