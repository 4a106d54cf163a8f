// Breaks out on purpose: each test enters the sandbox in a child process and does there what code
// of an attacker's choice would do, by plain system calls.
#include "host/sandbox.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "host/sandbox_calls.h"
#include "host/sandbox_files.h"

namespace ferry::host::sandbox {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

#ifdef SYS_vfork
constexpr int kVfork = SYS_vfork;
constexpr int kIoperm = SYS_ioperm;
#else  // arm64 has neither: vfork() is clone there, and ports are x86's
constexpr int kVfork = SYS_clone;
constexpr int kIoperm = SYS_personality;
#endif

constexpr int kMultipath = 262;  // IPPROTO_MPTCP, which reaches TCP's servers too

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a build with a sanitizer has no sandbox";
    char folder[] = "/tmp/ferry-sandbox-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = folder;
    std::filesystem::create_directories(root_ + "/granted");
    std::filesystem::create_directories(root_ + "/read");
    for (const char* file : {"/granted/file", "/read/file", "/secret"}) {
      ASSERT_TRUE(write_file_atomically(root_ + file, as_bytes("x")).ok());
    }
    needs_.folders = {{root_ + "/granted", false}, {root_ + "/read", true}};
  }
  void TearDown() override {
    if (!root_.empty()) std::filesystem::remove_all(root_);
  }

  // The exit code of a child that enters the sandbox and then does this.
  int inside(const std::function<int()>& act, const Parts& parts = {}) const {
    const pid_t child = fork();
    if (child == 0) {
      const ferry::Status entered = enter(parts, needs_);
      if (!entered.ok()) {
        static_cast<void>(write_all(2, as_bytes(entered.error().text()), "stderr").ok());
        _exit(100);
      }
      _exit(act());
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  static Fd listening(sockaddr_in& at) {
    at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = sizeof at;
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(fd.get(), 1), 0);
    EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    return fd;
  }
  // Connects by sending, as sendto(2) and as sendmsg(2).
  static long fast_open(int fd, sockaddr_in& to, bool by_message) {
    char byte = 'x';
    iovec part{&byte, 1};
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = sizeof to;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    return by_message
               ? sendmsg(fd, &message, MSG_FASTOPEN)
               : sendto(fd, &byte, 1, MSG_FASTOPEN, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  // Whether it is refused: -1 with EPERM or EACCES.
  static bool refused(long result) { return result == -1 && (errno == EPERM || errno == EACCES); }

  std::string root_;
  Needs needs_;
};

TEST_F(Sandbox, FilesThatWereNotGrantedAreClosed) {
  if (landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  const std::string secret = root_ + "/secret";
  const std::string granted = root_ + "/granted/";
  const std::string read = root_ + "/read/";
  EXPECT_EQ(
      inside([&] {
        open_how how{};
        how.flags = O_RDONLY;
        if (!refused(open(secret.c_str(), O_RDONLY))) return 1;
        if (!refused(syscall(SYS_openat2, AT_FDCWD, secret.c_str(), &how, sizeof how))) {
          return 2;
        }
        if (!refused(open("/etc/passwd", O_RDONLY))) return 3;
        if (!refused(open("/proc/self/environ", O_RDONLY))) return 4;
        if (!refused(open((root_ + "/new").c_str(), O_WRONLY | O_CREAT, 0600))) return 5;
        if (!refused(truncate(secret.c_str(), 0))) return 6;
        if (!refused(linkat(AT_FDCWD, secret.c_str(), AT_FDCWD, (granted + "l").c_str(), 0)) &&
            errno != EXDEV) {
          return 7;
        }
        if (!refused(open((read + "file").c_str(), O_WRONLY))) return 8;
        if (!refused(unlinkat(AT_FDCWD, (read + "file").c_str(), 0))) return 9;
        return 0;
      }),
      0);
  EXPECT_EQ(inside([&] {
              if (open((granted + "file").c_str(), O_RDWR) < 0) return 1;
              if (open((granted + "new").c_str(), O_WRONLY | O_CREAT, 0600) < 0) return 2;
              if (mkdirat(AT_FDCWD, (granted + "d").c_str(), 0700) != 0) return 3;
              if (renameat(AT_FDCWD, (granted + "new").c_str(), AT_FDCWD,
                           (granted + "d/moved").c_str()) != 0) {
                return 4;
              }
              if (open((read + "file").c_str(), O_RDONLY) < 0) return 5;
              return 0;
            }),
            0);
}

TEST_F(Sandbox, NoConnectionUnlessAFunctionMayConnect) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  const auto make_socket = [] { return socket(AF_INET, SOCK_STREAM, 0); };
  EXPECT_EQ(inside([&] { return refused(make_socket()) ? 0 : 1; }), 0);
  EXPECT_EQ(inside([&] { return refused(socket(AF_UNIX, SOCK_STREAM, 0)) ? 0 : 1; }), 0);
  needs_.connects = true;
  EXPECT_EQ(inside([&] {
              if (make_socket() < 0) return 1;
              if (!refused(socket(AF_UNIX, SOCK_STREAM, 0))) return 2;
              return refused(socket(AF_PACKET, SOCK_RAW, 0)) ? 0 : 3;
            }),
            0);
}

TEST_F(Sandbox, NoConnectionOfASocketMadeBefore) {
  if (landlock_version() < 4) GTEST_SKIP() << "Landlock knows TCP from Linux 6.7 on";
  const Fd made(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Parts parts;
  parts.system_calls = false;
  EXPECT_EQ(inside(
                [&] {
                  return refused(connect(made.get(), reinterpret_cast<sockaddr*>(&to), sizeof to))
                             ? 0
                             : 1;
                },
                parts),
            0);
}

// What Lambda's runtime is shut in with: it asks the Runtime API, and nobody else.
TEST_F(Sandbox, AConnectionToTheOnePortThatTheProcessItselfNeeds) {
  if (landlock_version() < 4) GTEST_SKIP() << "Landlock knows TCP from Linux 6.7 on";
  sockaddr_in api{};
  sockaddr_in other{};
  const Fd of_api = listening(api);
  const Fd of_other = listening(other);
  needs_.port = ntohs(api.sin_port);
  EXPECT_EQ(inside([&] {
              const int first = socket(AF_INET, SOCK_STREAM, 0);
              if (first < 0) return 1;
              if (connect(first, reinterpret_cast<sockaddr*>(&api), sizeof api) != 0) return 2;
              const int second = socket(AF_INET, SOCK_STREAM, 0);
              if (!refused(connect(second, reinterpret_cast<sockaddr*>(&other), sizeof other))) {
                return 3;
              }
              // What Landlock's rule for TCP's ports does not see.
              if (!refused(fast_open(second, other, false))) return 4;
              if (!refused(fast_open(second, other, true))) return 5;
              if (!refused(socket(AF_INET, SOCK_STREAM, kMultipath))) return 6;
              if (!refused(socket(AF_INET6, SOCK_DGRAM, 0))) return 7;
              return 0;
            }),
            0);
}

// A worker has a listener at hand. Shut down, it is a socket that can be connected.
TEST_F(Sandbox, NoConnectionByFastOpen) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  sockaddr_in own{};
  sockaddr_in other{};
  const Fd of_other = listening(other);
  for (const bool by_message : {false, true}) {
    const Fd worker = listening(own);
    EXPECT_EQ(inside([&] {
                for (const int how : {SHUT_RD, SHUT_RDWR}) {
                  if (!refused(shutdown(worker.get(), how))) return 1;
                }
                shutdown(worker.get(), SHUT_WR);  // still a listener
                return fast_open(worker.get(), other, by_message) == -1 ? 0 : 2;
              }),
              0);
  }
}

TEST_F(Sandbox, NoDatagramToASocketByItsPath) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  const auto pair_of = [](int type) {
    std::array<int, 2> ends{};
    return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data());
  };
  for (const bool connects : {false, true}) {
    needs_.connects = connects;
    EXPECT_EQ(inside([&] {
                if (!refused(pair_of(SOCK_DGRAM)) || !refused(pair_of(SOCK_RAW))) return 1;
                return refused(socket(AF_UNIX, SOCK_DGRAM, 0)) ? 0 : 2;
              }),
              0);
  }
}

// Whether or not Landlock is there to decide.
TEST_F(Sandbox, NothingIsChangedWithoutAWritableFolder) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  const std::string secret = root_ + "/secret";
  const Fd log(open(secret.c_str(), O_WRONLY | O_CLOEXEC));
  const auto change = [&] {
    if (!refused(unlinkat(AT_FDCWD, secret.c_str(), 0))) return 1;
    if (!refused(mkdirat(AT_FDCWD, (root_ + "/new").c_str(), 0700))) return 2;
    if (!refused(utimensat(AT_FDCWD, secret.c_str(), nullptr, 0))) return 3;
    if (!refused(renameat(AT_FDCWD, secret.c_str(), AT_FDCWD, (root_ + "/x").c_str()))) return 4;
    if (!refused(ftruncate(log.get(), 0))) return 5;
    return 0;
  };
  needs_.folders = {{root_ + "/read", true}};
  EXPECT_EQ(inside(change), 0);
  EXPECT_EQ(inside(change, *parse_parts("no-files")), 0);
  needs_.folders.clear();
  needs_.late = true;
  EXPECT_EQ(inside(change), 0);
}

// OpenWhisk's process has threads when its function comes.
TEST_F(Sandbox, EnteredLateItHoldsForThreadsThatAreThereAlready) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  needs_.folders.clear();
  needs_.late = true;
  const std::string secret = root_ + "/secret";
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<bool> entered{false};
    std::atomic<int> escaped{0};
    std::thread before([&] {
      while (!entered) std::this_thread::yield();
      if (!refused(open(secret.c_str(), O_RDONLY))) escaped = 1;
      if (!refused(socket(AF_INET, SOCK_STREAM, 0))) escaped = 2;
      if (fork() != -1) escaped = 3;
    });
    if (!enter({}, needs_).ok()) _exit(100);
    if (!refused(open(secret.c_str(), O_RDONLY))) _exit(4);
    if (getenv("PATH") != nullptr) _exit(5);
    entered = true;
    before.join();
    _exit(escaped);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_NE(to_text(describe({}, needs_)).find("no file is opened"), std::string::npos);
}

TEST_F(Sandbox, NoProgramIsStarted) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  EXPECT_EQ(inside([&] {
              char* const none[] = {nullptr};
              if (!refused(execve("/bin/true", none, none))) return 1;
              if (!refused(syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0))) return 2;
              if (fork() != -1) return 3;
              if (!refused(syscall(kVfork, 0, 0, 0, 0, 0))) return 4;
              if (!refused(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))) return 5;
              if (syscall(SYS_clone3, nullptr, 0) != -1 || errno != ENOSYS) return 6;
              return 0;
            }),
            0);
}

TEST_F(Sandbox, NoOtherProcessIsTouched) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  const pid_t victim = fork();
  if (victim == 0) {
    pause();
    _exit(0);
  }
  EXPECT_EQ(inside([&] {
              if (!refused(kill(victim, SIGTERM))) return 1;
              if (!refused(kill(-1, SIGTERM))) return 2;
              if (!refused(syscall(SYS_tgkill, victim, victim, SIGTERM))) return 3;
              if (!refused(syscall(SYS_tkill, victim, SIGTERM))) return 4;
              if (!refused(syscall(SYS_pidfd_open, victim, 0))) return 5;
              // A pipe that tells its owner by a signal that there is something to read.
              std::array<int, 2> ends{};
              f_owner_ex owner{F_OWNER_PID, victim};
              if (pipe2(ends.data(), O_CLOEXEC) != 0) return 7;
              if (!refused(fcntl(ends[0], F_SETOWN, victim))) return 8;
              if (!refused(fcntl(ends[0], F_SETOWN_EX, &owner))) return 9;
              if (!refused(fcntl(ends[0], F_SETSIG, SIGKILL))) return 10;
              if (!refused(ptrace(PTRACE_ATTACH, victim, nullptr, nullptr))) return 6;
              char byte = 0;
              const iovec part{&byte, 1};
              if (!refused(process_vm_readv(victim, &part, 1, &part, 1, 0))) return 7;
              if (!refused(syscall(SYS_prlimit64, victim, RLIMIT_CPU, nullptr, nullptr))) return 8;
              return 0;
            }),
            0);
  int status = 0;
  EXPECT_EQ(waitpid(victim, &status, WNOHANG), 0);  // it is still there
  kill(victim, SIGKILL);
  waitpid(victim, &status, 0);
}

TEST_F(Sandbox, NothingOfTheSystemIsChanged) {
  if (!has_filters()) GTEST_SKIP() << "this kernel takes no seccomp filter";
  EXPECT_EQ(inside([&] {
              int number = 0;
              for (const int call : {SYS_mount,
                                     SYS_umount2,
                                     SYS_unshare,
                                     SYS_setns,
                                     SYS_chroot,
                                     SYS_pivot_root,
                                     SYS_setuid,
                                     SYS_setgid,
                                     SYS_capset,
                                     SYS_bpf,
                                     SYS_perf_event_open,
                                     SYS_io_uring_setup,
                                     SYS_keyctl,
                                     SYS_init_module,
                                     SYS_reboot,
                                     SYS_swapon,
                                     SYS_open_by_handle_at,
                                     SYS_quotactl,
                                     SYS_acct,
                                     SYS_userfaultfd,
                                     kIoperm,
                                     SYS_personality}) {
                ++number;
                if (!refused(syscall(call, 0, 0, 0, 0, 0))) return number;
              }
              return 0;
            }),
            0);
}

TEST_F(Sandbox, WhatServingNeedsStillWorks) {
  EXPECT_EQ(inside([] {
              int value = 0;
              std::thread([&] { value = 7; }).join();
              if (value != 7) return 1;
              timer_t timer{};
              if (timer_create(CLOCK_MONOTONIC, nullptr, &timer) != 0) return 2;
              std::vector<char> memory(64u << 20);
              memory.back() = 1;
              if (signal(SIGUSR1, SIG_IGN) == SIG_ERR || raise(SIGUSR1) != 0) return 3;
              if (kill(getpid(), SIGUSR1) != 0) return 4;
              return 0;
            }),
            0);
  // An abort still ends the process by its own signal.
  EXPECT_EQ(inside([] {
              std::abort();
              return 0;
            }),
            1000 + SIGABRT);
}

TEST_F(Sandbox, TheProcessKeepsNoPrivilegeAndNoSecret) {
  setenv("FERRY_TEST_SECRET", "hunter2", 1);
  EXPECT_EQ(inside([] {
              rlimit core{};
              if (getenv("FERRY_TEST_SECRET") != nullptr) return 1;
              if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) return 2;
              return 0;
            }),
            0);
  Parts parts;
  parts.system_calls = false;
  EXPECT_EQ(inside(
                [] {
                  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 1;
                  if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 2;
                  return prctl(PR_CAPBSET_READ, 21 /* CAP_SYS_ADMIN */, 0, 0, 0) == 1 &&
                                 geteuid() == 0
                             ? 3
                             : 0;
                },
                parts),
            0);
  unsetenv("FERRY_TEST_SECRET");
}

TEST_F(Sandbox, EachPartHasItsSwitch) {
  EXPECT_FALSE(parse_parts("no-files")->files);
  EXPECT_TRUE(parse_parts("no-files")->system_calls);
  EXPECT_FALSE(parse_parts("no-files,no-memory")->memory);
  EXPECT_FALSE(parse_parts("none")->privileges);
  EXPECT_TRUE(parse_parts("all")->environment);
  EXPECT_EQ(parse_parts("no-such").error().code, Code::kUsage);
  const std::string secret = root_ + "/secret";
  EXPECT_EQ(
      inside([&] { return open(secret.c_str(), O_RDONLY) >= 0 ? 0 : 1; }, *parse_parts("no-files")),
      0);
  EXPECT_EQ(inside([&] { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 1; },
                   *parse_parts("no-system-calls")),
            0);
  EXPECT_EQ(inside([] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : 1; },
                   *parse_parts("none")),
            0);
}

TEST_F(Sandbox, SaysWhatItDoes) {
  const std::string text = to_text(describe({}, needs_));
  for (const char* part : {"privileges", "files", "system-calls", "memory", "environment"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  constexpr char kLookedUp[] = "names and certificates";
  EXPECT_EQ(text.find(kLookedUp), std::string::npos);
  needs_.connects = true;
  EXPECT_NE(to_text(describe({}, needs_)).find(kLookedUp), std::string::npos);
  EXPECT_NE(to_text(describe(*parse_parts("no-memory"), needs_)).find("left out by --sandbox"),
            std::string::npos);
}

}  // namespace
}  // namespace ferry::host::sandbox
