#include "host/sandbox_calls.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
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
    SYS_preadv2, SYS_pwritev2, SYS_recvfrom, SYS_recvmsg, SYS_sendfile, SYS_accept, SYS_accept4,
    SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt, SYS_close, SYS_close_range,
    SYS_dup, SYS_dup3, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_fstatfs, SYS_pipe2,
    SYS_memfd_create, SYS_fadvise64, SYS_fsync, SYS_fdatasync, SYS_getdents64, SYS_readlinkat,
    // waiting
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_ppoll, SYS_pselect6,
    SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_signalfd4,
    SYS_nanosleep, SYS_clock_nanosleep, SYS_restart_syscall,
    // memory
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_membarrier,
    SYS_mincore,
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
// Landlock decides on most of these, but not on times.
constexpr std::array kChanging{SYS_ftruncate, SYS_fallocate, SYS_mkdirat,
                               SYS_unlinkat,  SYS_renameat,  SYS_renameat2,
                               SYS_linkat,    SYS_symlinkat, SYS_utimensat};
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

// Controls of descriptors: of sockets, and whether one is a terminal.
constexpr std::array<std::uint32_t, 4> kControls{0x541B /* FIONREAD */, 0x5421 /* FIONBIO */,
                                                 0x5401 /* TCGETS */, 0x5451 /* FIOCLEX */};
// Not F_SETOWN and its like: a descriptor then signals any process that it names.
constexpr std::array<std::uint32_t, 8> kDescriptorControls{
    F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS};
constexpr std::array<std::uint32_t, 4> kProcessControls{PR_SET_NAME, PR_GET_NAME, PR_SET_TIMERSLACK,
                                                        0x53564D41 /* PR_SET_VMA */};

// With MSG_FASTOPEN they connect, and Landlock is not asked. Looked at only where it decides on
// ports: the kernel then runs this program at each of these calls, for 1 % of a short request.
struct Sending {
  long call;
  unsigned flags;  // which argument
};
constexpr std::array kSending{Sending{SYS_sendto, 3}, Sending{SYS_sendmsg, 2}};

using Values = std::array<std::uint32_t, 1>;
constexpr Values kNone{0};
constexpr Values kWriting{SHUT_WR};  // with others a listener is one no more, and can be connected
constexpr std::array<std::uint32_t, 2> kFamilies{AF_INET, AF_INET6};
constexpr std::uint32_t kType = 0xf;  // beside it stand SOCK_NONBLOCK and SOCK_CLOEXEC
constexpr Values kStream{SOCK_STREAM};
constexpr std::array<std::uint32_t, 2> kStreamOrDatagram{SOCK_STREAM, SOCK_DGRAM};
// Others reach TCP's servers as well (MPTCP), or load modules of the kernel.
constexpr std::array<std::uint32_t, 2> kTcpProtocols{0, IPPROTO_TCP};
constexpr std::array<std::uint32_t, 3> kProtocols{0, IPPROTO_TCP, IPPROTO_UDP};

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
  // One of these, of an argument's low half the bits of `mask`.
  struct Condition {
    unsigned argument;
    std::uint32_t mask;
    std::span<const std::uint32_t> values;
  };
  // Allowed where all of them hold.
  void allow_where(long call, std::initializer_list<Condition> conditions) {
    std::size_t size = 1;
    for (const Condition& each : conditions) size += 3 + each.values.size();
    unless_equal_skip(static_cast<std::uint32_t>(call), static_cast<std::uint8_t>(size));
    for (const Condition& each : conditions) {
      load(offsetof(seccomp_data, args) + each.argument * sizeof(std::uint64_t));
      code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, each.mask));
      for (std::size_t left = each.values.size(); left > 0; --left) {
        const std::uint32_t value = each.values[each.values.size() - left];
        // Over the values that are left, and the refusal.
        code.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, static_cast<std::uint8_t>(left), 0));
      }
      answer(fail(EPERM));
    }
    answer(SECCOMP_RET_ALLOW);
  }
  void allow_with(long call, unsigned argument, std::span<const std::uint32_t> values) {
    allow_where(call, {{argument, ~0u, values}});
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
  for (const auto& [call, flags] : kSending) {
    if (rules.connects == Connects::kTcp) {
      program.allow_where(call, {{flags, MSG_FASTOPEN, kNone}});
    } else {
      program.allow(call);
    }
  }
  // Where no socket can be made, a listener is the only one that could become unconnected.
  if (rules.connects == Connects::kNone) {
    program.allow_with(SYS_shutdown, 1, kWriting);
  } else {
    program.allow(SYS_shutdown);
  }
  for (const long call : kAlways) program.allow(call);
  for (const long call : kAlwaysOlder) program.allow(call);
  if (rules.opens) {
    for (const long call : kOpening) program.allow(call);
    for (const long call : kOpeningOlder) program.allow(call);
  }
  if (rules.changes) {
    for (const long call : kChanging) program.allow(call);
  }
  if (rules.connects != Connects::kNone) {
    for (const long call : kConnecting) program.allow(call);
  }
  if (rules.connects == Connects::kTcp) {
    program.allow_where(SYS_socket,
                        {{0, ~0u, kFamilies}, {1, kType, kStream}, {2, ~0u, kTcpProtocols}});
  } else if (rules.connects == Connects::kAny) {
    program.allow_where(SYS_socket,
                        {{0, ~0u, kFamilies}, {1, kType, kStreamOrDatagram}, {2, ~0u, kProtocols}});
  }
  program.allow_with(SYS_fcntl, 1, kDescriptorControls);
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
  program.load(offsetof(seccomp_data, args));
  program.unless_all_set_skip(CLONE_THREAD, 1);
  program.answer(SECCOMP_RET_ALLOW);
  program.answer(fail(EPERM));
  program.unless_at_least_skip(kNewest + 1, 1);
  program.answer(fail(ENOSYS));
  program.answer(fail(EPERM));
  return program.code;
}

std::size_t allowed_calls(const CallRules& rules) {
  // shutdown, fcntl, ioctl, prctl, tgkill, kill, prlimit64, clone
  constexpr std::size_t kByArgument = 8;
  std::size_t count = kAlways.size() + kAlwaysOlder.size() + kSending.size() + kByArgument;
  if (rules.opens) count += kOpening.size() + kOpeningOlder.size();
  if (rules.changes) count += kChanging.size();
  if (rules.connects != Connects::kNone) count += kConnecting.size() + 1;
  return count;
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
