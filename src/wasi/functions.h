// The 46 calls as functions of their witx parameters, and those of the sockets extension: pointers
// are u32 offsets into guest memory, a list or string is a pointer and a length, and each result is
// a pointer to put it at. Private to src/wasi and src/wasi2; calls.cc makes the table of them.
#pragma once

#include "wasi/state.h"

namespace ferry::wasi {

using S = Context::State;
using G = Guest;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

// args_env.cc
// What both lists hold, made when they are first asked for.
const Lists& lists_of(S& s);
Answer args_get(S& s, G g, u32 argv, u32 buffer);
Answer args_sizes_get(S& s, G g, u32 count_at, u32 bytes_at);
Answer environ_get(S& s, G g, u32 environ, u32 buffer);
Answer environ_sizes_get(S& s, G g, u32 count_at, u32 bytes_at);

// clock.cc
Answer clock_res_get(S& s, G g, u32 id, u32 result_at);
Answer clock_time_get(S& s, G g, u32 id, u64 precision, u32 result_at);
Answer random_get(S& s, G g, u32 buffer, u32 size);

// process.cc
Answer proc_exit(S& s, G g, u32 code);
Answer proc_raise(S& s, G g, u32 signal);
Answer sched_yield(S& s, G g);

// fd_io.cc
Answer fd_read(S& s, G g, u32 fd, u32 iovs, u32 count, u32 result_at);
Answer fd_pread(S& s, G g, u32 fd, u32 iovs, u32 count, u64 offset, u32 result_at);
Answer fd_write(S& s, G g, u32 fd, u32 iovs, u32 count, u32 result_at);
Answer fd_pwrite(S& s, G g, u32 fd, u32 iovs, u32 count, u64 offset, u32 result_at);
Answer fd_seek(S& s, G g, u32 fd, u64 offset, u32 whence, u32 result_at);
Answer fd_tell(S& s, G g, u32 fd, u32 result_at);
Answer fd_sync(S& s, G g, u32 fd);
Answer fd_datasync(S& s, G g, u32 fd);
Answer fd_allocate(S& s, G g, u32 fd, u64 offset, u64 size);
Answer fd_advise(S& s, G g, u32 fd, u64 offset, u64 size, u32 advice);

// fd_meta.cc
Answer fd_close(S& s, G g, u32 fd);
Answer fd_renumber(S& s, G g, u32 from, u32 to);
Answer fd_fdstat_get(S& s, G g, u32 fd, u32 result_at);
Answer fd_fdstat_set_flags(S& s, G g, u32 fd, u32 flags);
Answer fd_fdstat_set_rights(S& s, G g, u32 fd, u64 base, u64 inheriting);
Answer fd_filestat_get(S& s, G g, u32 fd, u32 result_at);
Answer fd_filestat_set_size(S& s, G g, u32 fd, u64 size);
Answer fd_filestat_set_times(S& s, G g, u32 fd, u64 atim, u64 mtim, u32 flags);
Answer fd_prestat_get(S& s, G g, u32 fd, u32 result_at);
Answer fd_prestat_dir_name(S& s, G g, u32 fd, u32 buffer, u32 size);

// readdir.cc
Answer fd_readdir(S& s, G g, u32 fd, u32 buffer, u32 size, u64 cookie, u32 result_at);

// path.cc
Answer path_create_directory(S& s, G g, u32 fd, u32 path, u32 size);
Answer path_filestat_get(S& s, G g, u32 fd, u32 flags, u32 path, u32 size, u32 result_at);
Answer path_filestat_set_times(S& s, G g, u32 fd, u32 flags, u32 path, u32 size, u64 atim, u64 mtim,
                               u32 set);
Answer path_link(S& s, G g, u32 old_fd, u32 old_flags, u32 old_path, u32 old_size, u32 new_fd,
                 u32 new_path, u32 new_size);
Answer path_readlink(S& s, G g, u32 fd, u32 path, u32 size, u32 buffer, u32 room, u32 result_at);
Answer path_remove_directory(S& s, G g, u32 fd, u32 path, u32 size);
Answer path_rename(S& s, G g, u32 fd, u32 old_path, u32 old_size, u32 new_fd, u32 new_path,
                   u32 new_size);
Answer path_symlink(S& s, G g, u32 old_path, u32 old_size, u32 fd, u32 new_path, u32 new_size);
Answer path_unlink_file(S& s, G g, u32 fd, u32 path, u32 size);

// path_open.cc
Answer path_open(S& s, G g, u32 fd, u32 lookup, u32 path, u32 size, u32 oflags, u64 base,
                 u64 inheriting, u32 fdflags, u32 result_at);

// poll.cc
Answer poll_oneoff(S& s, G g, u32 in, u32 out, u32 count, u32 result_at);

// sock.cc
Answer sock_open(S& s, G g, u32 family, u32 type, u32 result_at);
Answer sock_connect(S& s, G g, u32 fd, u32 address_at, u32 port);
Answer sock_bind(S& s, G g, u32 fd, u32 address_at, u32 port);
Answer sock_listen(S& s, G g, u32 fd, u32 backlog);
Answer sock_accept(S& s, G g, u32 fd, u32 flags, u32 result_at);
Answer sock_accept_v1(S& s, G g, u32 fd, u32 result_at);
Answer sock_recv(S& s, G g, u32 fd, u32 iovs, u32 count, u32 flags, u32 size_at, u32 flags_at);
Answer sock_recv_from(S& s, G g, u32 fd, u32 iovs, u32 count, u32 address_at, u32 flags,
                      u32 size_at, u32 flags_at);
Answer sock_recv_from_v2(S& s, G g, u32 fd, u32 iovs, u32 count, u32 address_at, u32 flags,
                         u32 port_at, u32 size_at, u32 flags_at);
Answer sock_send(S& s, G g, u32 fd, u32 iovs, u32 count, u32 flags, u32 size_at);
Answer sock_send_to(S& s, G g, u32 fd, u32 iovs, u32 count, u32 address_at, u32 port, u32 flags,
                    u32 size_at);
Answer sock_shutdown(S& s, G g, u32 fd, u32 how);
Answer sock_getlocaladdr(S& s, G g, u32 fd, u32 address_at, u32 type_at, u32 port_at);
Answer sock_getlocaladdr_v2(S& s, G g, u32 fd, u32 address_at, u32 port_at);
Answer sock_getpeeraddr(S& s, G g, u32 fd, u32 address_at, u32 type_at, u32 port_at);
Answer sock_getpeeraddr_v2(S& s, G g, u32 fd, u32 address_at, u32 port_at);

// sock_options.cc
Answer sock_getsockopt(S& s, G g, u32 fd, u32 level, u32 name, u32 value_at, u32 size_or_at);
Answer sock_setsockopt(S& s, G g, u32 fd, u32 level, u32 name, u32 value_at, u32 size);

// sock_addrinfo.cc
Answer sock_getaddrinfo(S& s, G g, u32 node, u32 node_size, u32 service, u32 service_size,
                        u32 hints_at, u32 list_at, u32 most, u32 count_at);

}  // namespace ferry::wasi
