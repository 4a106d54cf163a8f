#include "host/sandbox_calls.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ferry::host::sandbox {
namespace {

// What serving takes, by purpose. None of these depends on its arguments, so that the kernel need
// not run the filter for them at all (its cache of constant answers, Linux 5.11).
constexpr std::array kAlways{
    // descriptors that are open already: sockets, files, logs
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_recvfrom, SYS_recvmsg, SYS_sendto, SYS_sendmsg, SYS_sendfile,
    SYS_accept, SYS_accept4, SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_getsockopt,
    SYS_setsockopt, SYS_close, SYS_close_range, SYS_dup, SYS_dup3, SYS_fcntl, SYS_lseek, SYS_fstat,
    SYS_newfstatat, SYS_statx, SYS_fstatfs, SYS_pipe2, SYS_socketpair, SYS_memfd_create,
    // waiting
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_ppoll, SYS_pselect6,
    SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_signalfd4,
    SYS_nanosleep, SYS_clock_nanosleep, SYS_restart_syscall,
    // a granted folder's files
    SYS_ftruncate, SYS_fallocate, SYS_fadvise64, SYS_fsync, SYS_fdatasync, SYS_getdents64,
    SYS_mkdirat, SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat,
    SYS_readlinkat, SYS_utimensat,
    // memory
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_membarrier,
    SYS_userfaultfd, SYS_mincore,
    // threads, signals, timers
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_set_tid_address,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_gettid, SYS_getpid, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_rt_sigpending, SYS_sigaltstack,
    SYS_timer_create, SYS_timer_settime, SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete,
    SYS_exit, SYS_exit_group,
    // what there is to know
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_getrandom, SYS_getrusage, SYS_getcpu,
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getppid, SYS_uname, SYS_sysinfo,
    SYS_times};

constexpr std::array kOpening{SYS_openat, SYS_openat2, SYS_faccessat, SYS_faccessat2};
constexpr std::array kConnecting{SYS_connect, SYS_bind};

// Older forms of both, which newer architectures were never given.
#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::array kAlwaysOlder{SYS_dup2,   SYS_epoll_wait, SYS_poll,
                                  SYS_select, SYS_pause,      SYS_time};
constexpr std::array kOpeningOlder{SYS_open, SYS_access, SYS_stat, SYS_lstat, SYS_readlink};
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::array<long, 0> kAlwaysOlder{};
constexpr std::array<long, 0> kOpeningOlder{};
#endif

// Controls of descriptors: of sockets, whether one is a terminal, and of userfaultfd and the page
// map, by which written pages are found.
constexpr std::array<std::uint32_t, 12> kControls{
    0x541B /* FIONREAD */,          0x5421 /* FIONBIO */,          0x5401 /* TCGETS */,
    0xC018AA3F /* UFFDIO_API */,    0xC020AA00 /* _REGISTER */,    0x8010AA01 /* _UNREGISTER */,
    0x8010AA02 /* _WAKE */,         0xC028AA03 /* _COPY */,        0xC020AA04 /* _ZEROPAGE */,
    0xC018AA06 /* _WRITEPROTECT */, 0xC0606610 /* PAGEMAP_SCAN */, 0x5451 /* FIOCLEX */};
constexpr std::array<std::uint32_t, 4> kProcessControls{PR_SET_NAME, PR_GET_NAME, PR_SET_TIMERSLACK,
                                                        0x53564D41 /* PR_SET_VMA */};

// The highest number that this list was made in knowledge of (Linux 6.18, futex_wait and mseal
// among the last): all above are new.
constexpr std::uint32_t kNewest = 467;
constexpr std::uint32_t kX32 = 0x40000000;

constexpr std::uint32_t fail(int error) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}

class Program {
 public:
  void load(std::size_t offset) {
    code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  void answer(std::uint32_t with) { code.push_back(BPF_STMT(BPF_RET | BPF_K, with)); }
  // Skips `count` instructions unless the loaded value is so.
  void unless_equal_skip(std::uint32_t value, std::uint8_t count) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
  }
  void unless_at_least_skip(std::uint32_t value, std::uint8_t count) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, count));
  }
  void unless_all_set_skip(std::uint32_t bits, std::uint8_t count) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, count));
  }

  void allow(long call) {
    unless_equal_skip(static_cast<std::uint32_t>(call), 1);
    answer(SECCOMP_RET_ALLOW);
  }
  // Allowed where the low half of an argument is one of these.
  void allow_with(long call, unsigned argument, std::span<const std::uint32_t> values) {
    unless_equal_skip(static_cast<std::uint32_t>(call),
                      static_cast<std::uint8_t>(2 + 2 * values.size()));
    load(argument_at(argument));
    for (const std::uint32_t value : values) {
      unless_equal_skip(value, 1);
      answer(SECCOMP_RET_ALLOW);
    }
    answer(fail(EPERM));
  }
  static std::size_t argument_at(unsigned argument) {
    return offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t);
  }

  std::vector<sock_filter> code;
};

}  // namespace

std::vector<sock_filter> make_filter(const CallRules& rules) {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.unless_equal_skip(kArchitecture, 1);
  program.code.push_back(BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0));
  program.answer(SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  program.unless_at_least_skip(kX32, 1);
  program.answer(fail(ENOSYS));
  for (const long call : kAlways) program.allow(call);
  for (const long call : kAlwaysOlder) program.allow(call);
  if (rules.opens) {
    for (const long call : kOpening) program.allow(call);
    for (const long call : kOpeningOlder) program.allow(call);
  }
  if (rules.connects) {
    for (const long call : kConnecting) program.allow(call);
    const std::array<std::uint32_t, 2> families{AF_INET, AF_INET6};
    program.allow_with(SYS_socket, 0, families);
  }
  program.allow_with(SYS_ioctl, 1, kControls);
  program.allow_with(SYS_prctl, 0, kProcessControls);
  const std::array<std::uint32_t, 1> itself{static_cast<std::uint32_t>(rules.pid)};
  for (const long call : {SYS_tgkill, SYS_kill}) program.allow_with(call, 0, itself);
  const std::array<std::uint32_t, 2> own_limits{0, static_cast<std::uint32_t>(rules.pid)};
  program.allow_with(SYS_prlimit64, 0, own_limits);
  // Threads, but no processes. The flags of clone3 lie in memory, where no filter sees them; libc
  // then uses clone.
  program.unless_equal_skip(SYS_clone3, 1);
  program.answer(fail(ENOSYS));
  program.unless_equal_skip(SYS_clone, 4);
  program.load(Program::argument_at(0));
  program.unless_all_set_skip(CLONE_THREAD, 1);
  program.answer(SECCOMP_RET_ALLOW);
  program.answer(fail(EPERM));
  program.unless_at_least_skip(kNewest + 1, 1);
  program.answer(fail(ENOSYS));
  program.answer(fail(EPERM));
  return program.code;
}

std::size_t allowed_calls(const CallRules& rules) {
  constexpr std::size_t kByArgument = 6;  // ioctl, prctl, tgkill, kill, prlimit64, clone
  return kAlways.size() + kAlwaysOlder.size() + kByArgument +
         (rules.opens ? kOpening.size() + kOpeningOlder.size() : 0) +
         (rules.connects ? kConnecting.size() + 1 : 0);
}

bool has_filters() {
  std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

ferry::Status install_filter(const CallRules& rules) {
  std::vector<sock_filter> code = make_filter(rules);
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  const long failed =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (failed == 0) return Done{};
  return errno_error("install the seccomp filter", failed > 0 ? ESRCH : errno);
}

}  // namespace ferry::host::sandbox
