// A library for LD_PRELOAD that has the n-th call of a kind fail, as a full disk, a lack of memory,
// of descriptors or of processes would. tests/faults/faults.py runs ferry with it.
//
//   FERRY_INJECT=KIND:HOW:N     the N-th call (from 1) of the process and its children; N+: from it
//   on FERRY_INJECT_COUNT=FILE     where the calls of each kind are counted, in processes together
//
// KIND is one of kKinds; HOW is an errno's name, or `short`: of what was asked, half is done.
// Without FERRY_INJECT calls are only counted. What it cannot see: calls that libc makes of its own
// (malloc, stdio), and those of the dynamic loader.
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

enum Kind : unsigned { kWrite, kRead, kDescriptor, kMemory, kProcess, kSync, kName, kSize, kWait };
constexpr std::array<std::string_view, 9> kKinds{"write", "read", "fd",   "memory", "process",
                                                 "sync",  "name", "size", "wait"};

struct Errno {
  std::string_view name;
  int value;
};
constexpr std::array kErrnos{Errno{"ENOSPC", ENOSPC}, Errno{"EIO", EIO},
                             Errno{"EMFILE", EMFILE}, Errno{"ENOMEM", ENOMEM},
                             Errno{"EAGAIN", EAGAIN}, Errno{"EINTR", EINTR}};

using Counts = std::array<std::atomic<std::uint64_t>, kKinds.size()>;

struct Plan {
  int kind = -1;
  int error = 0;  // 0: short
  std::uint64_t at = 0;
  bool onwards = false;
  Counts* counts = nullptr;
};

Plan read_plan() {
  Plan plan;
  const char* const file = std::getenv("FERRY_INJECT_COUNT");
  if (file == nullptr) return plan;
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC));
  // The file is as long as a page (faults.py).
  const long base = syscall(SYS_mmap, nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (base < 0 && base > -4096) return plan;
  plan.counts = reinterpret_cast<Counts*>(base);  // NOLINT: the kernel gives addresses as numbers
  const char* const text = std::getenv("FERRY_INJECT");
  if (text == nullptr) return plan;
  const std::string_view all = text;
  const std::size_t first = all.find(':');
  const std::size_t second = all.find(':', first + 1);
  for (unsigned i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == all.substr(0, first)) plan.kind = static_cast<int>(i);
  }
  const std::string_view how = all.substr(first + 1, second - first - 1);
  for (const Errno& each : kErrnos) {
    if (each.name == how) plan.error = each.value;
  }
  plan.at = std::strtoull(text + second + 1, nullptr, 10);
  plan.onwards = all.ends_with('+');
  return plan;
}

const Plan& plan() {
  static const Plan the_plan = read_plan();
  return the_plan;
}

// Counts a call; whether it is to fail.
bool hit(Kind kind) {
  const Plan& now = plan();
  if (now.counts == nullptr) return false;
  const std::uint64_t number = (*now.counts)[kind].fetch_add(1) + 1;
  return now.kind == static_cast<int>(kind) &&
         (number == now.at || (now.onwards && number > now.at));
}

// The same, with errno set. False for a short one, which the caller does.
bool fails(Kind kind) {
  if (!hit(kind)) return false;
  if (plan().error == 0) return false;
  errno = plan().error;
  return true;
}

bool is_regular(int fd) {
  const int before = errno;
  struct stat status {};
  const bool regular = syscall(SYS_fstat, fd, &status) == 0 && S_ISREG(status.st_mode);
  errno = before;
  return regular;
}

// How much of a transfer is done: all of it, half, or nothing (with errno set).
enum class Part { kAll, kHalf, kNothing };
Part part_of(Kind kind, int fd) {
  if (!is_regular(fd)) {
    return fails(kWait) ? Part::kNothing : Part::kAll;  // a pipe, a socket: it may be interrupted
  }
  if (!hit(kind)) return Part::kAll;
  if (plan().error == 0) return Part::kHalf;
  errno = plan().error;
  return Part::kNothing;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

ssize_t transfer(Kind kind, int fd, std::size_t size, auto&& call) {
  const Part part = part_of(kind, fd);
  if (part == Part::kNothing) return -1;
  return call(part == Part::kHalf && size > 1 ? size / 2 : size);
}

}  // namespace

#define FERRY_NEXT(name) static const auto real = next<decltype(&(name))>(#name)

// NOLINTBEGIN(bugprone-reserved-identifier): these names are the C library's
extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  return transfer(kWrite, fd, size, [&](size_t n) { return syscall(SYS_write, fd, data, n); });
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  return transfer(kWrite, fd, size,
                  [&](size_t n) { return syscall(SYS_pwrite64, fd, data, n, at); });
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t at) {
  return pwrite(fd, data, size, at);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  const Part part = part_of(kWrite, fd);
  if (part == Part::kNothing) return -1;
  if (part == Part::kHalf && count > 0 && parts[0].iov_len > 1) {
    return syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2);
  }
  return syscall(SYS_writev, fd, parts, count);
}
ssize_t read(int fd, void* data, size_t size) {
  return transfer(kRead, fd, size, [&](size_t n) { return syscall(SYS_read, fd, data, n); });
}
ssize_t __read_chk(int fd, void* data, size_t size, size_t /*room*/) {
  return read(fd, data, size);
}
ssize_t pread(int fd, void* data, size_t size, off_t at) {
  return transfer(kRead, fd, size, [&](size_t n) { return syscall(SYS_pread64, fd, data, n, at); });
}
ssize_t pread64(int fd, void* data, size_t size, off_t at) { return pread(fd, data, size, at); }
ssize_t __pread_chk(int fd, void* data, size_t size, off_t at, size_t /*room*/) {
  return pread(fd, data, size, at);
}
ssize_t __pread64_chk(int fd, void* data, size_t size, off_t at, size_t /*room*/) {
  return pread(fd, data, size, at);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open(path, flags, mode);
}
int __open_2(const char* path, int flags) { return open(path, flags); }
int __open64_2(const char* path, int flags) { return open(path, flags); }
int openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}
int memfd_create(const char* name, unsigned flags) {
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_memfd_create, name, flags));
}
int pipe2(int* ends, int flags) {
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_pipe2, ends, flags));
}
int socket(int domain, int type, int protocol) {
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_socket, domain, type, protocol));
}
int socketpair(int domain, int type, int protocol, int* ends) {
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_socketpair, domain, type, protocol, ends));
}
int epoll_create1(int flags) {
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_epoll_create1, flags));
}
int eventfd(unsigned value, int flags) {
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_eventfd2, value, flags));
}
int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (fails(kDescriptor)) return -1;
  return static_cast<int>(syscall(SYS_accept4, fd, address, size, flags));
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  if (fails(kMemory)) return MAP_FAILED;
  FERRY_NEXT(mmap);
  return real(at, size, protection, flags, fd, offset);
}
void* mmap64(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap(at, size, protection, flags, fd, offset);
}
int mprotect(void* at, size_t size, int protection) {
  if (fails(kMemory)) return -1;
  FERRY_NEXT(mprotect);
  return real(at, size, protection);
}

pid_t fork() {
  if (fails(kProcess)) return -1;
  FERRY_NEXT(fork);
  return real();
}
int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* argv, char* const* env) {
  if (fails(kProcess)) return errno;
  FERRY_NEXT(posix_spawn);
  return real(pid, path, actions, attributes, argv, env);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
  if (fails(kProcess)) return errno;
  FERRY_NEXT(pthread_create);
  return real(thread, attributes, start, argument);
}

int fsync(int fd) { return fails(kSync) ? -1 : static_cast<int>(syscall(SYS_fsync, fd)); }
int fdatasync(int fd) { return fails(kSync) ? -1 : static_cast<int>(syscall(SYS_fdatasync, fd)); }

int rename(const char* from, const char* to) {
  return fails(kName) ? -1 : static_cast<int>(syscall(SYS_rename, from, to));
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return fails(kName) ? -1
                      : static_cast<int>(syscall(SYS_renameat, from_folder, from, to_folder, to));
}
int link(const char* from, const char* to) {
  return fails(kName) ? -1 : static_cast<int>(syscall(SYS_link, from, to));
}
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  return fails(kName)
             ? -1
             : static_cast<int>(syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}
int mkdir(const char* path, mode_t mode) {
  return fails(kName) ? -1 : static_cast<int>(syscall(SYS_mkdir, path, mode));
}

int ftruncate(int fd, off_t size) {
  return fails(kSize) ? -1 : static_cast<int>(syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int poll(pollfd* fds, nfds_t count, int timeout) {
  if (fails(kWait)) return -1;
  FERRY_NEXT(poll);
  return real(fds, count, timeout);
}
int __poll_chk(pollfd* fds, nfds_t count, int timeout, size_t /*room*/) {
  return poll(fds, count, timeout);
}
int epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
  if (fails(kWait)) return -1;
  FERRY_NEXT(epoll_wait);
  return real(epoll, events, most, timeout);
}
pid_t waitpid(pid_t pid, int* status, int options) {
  if (fails(kWait)) return -1;
  FERRY_NEXT(waitpid);
  return real(pid, status, options);
}
ssize_t recv(int fd, void* data, size_t size, int flags) {
  if (fails(kWait)) return -1;
  return syscall(SYS_recvfrom, fd, data, size, flags, nullptr, nullptr);
}
ssize_t send(int fd, const void* data, size_t size, int flags) {
  if (fails(kWait)) return -1;
  return syscall(SYS_sendto, fd, data, size, flags, nullptr, 0);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
