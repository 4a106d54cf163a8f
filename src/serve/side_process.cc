#include "serve/side_process.h"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"

namespace ferry::serve {
namespace {

// What this process must not be: in the way of those that serve. Best effort, all of it.
void step_back() {
  // So that it can be ended together with what it starts. Not a session, which the kernel may give
  // as much of the processor as the whole server (sched(7), autogroups).
  setpgid(0, 0);
  const Fd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal.valid()) ioctl(terminal.get(), TIOCNOTTY);  // there is nobody to ask
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  offer_to_oom_killer(1000);
}

}  // namespace

bool SideProcess::start(const std::function<void()>& after_fork, const std::function<int()>& life) {
  std::fflush(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    end_with_parent(parent);
    step_back();
    after_fork();
    const int code = life();
    std::fflush(nullptr);
    _exit(code);
  }
  if (pid_ < 0) {
    pid_ = 0;
    return false;
  }
  setpgid(pid_, pid_);
  return true;
}

bool SideProcess::has_ended(pid_t pid) {
  if (pid_ == 0 || pid != pid_) return false;
  kill(-pid, SIGKILL);
  pid_ = 0;
  return true;
}

void SideProcess::stop() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);  // where it has no group yet
  }
  pid_ = 0;
}

}  // namespace ferry::serve
