#include "base/say.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace ferry {
namespace {

constexpr int kPatienceMs = 1000;

}  // namespace

void say_text(std::string_view text) noexcept {
  pollfd err{STDERR_FILENO, POLLOUT, 0};
  if (poll(&err, 1, kPatienceMs) == 1 && (err.revents & (POLLERR | POLLNVAL)) == 0) {
    static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
  }
}

void open_standard_streams() noexcept {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest free number, which is this one. Where there is no /dev: a descriptor that can be
    // neither read nor written.
    if (open("/dev/null", O_RDWR) < 0) {
      static_cast<void>(open("/", O_PATH | O_DIRECTORY));
    }
  }
}

}  // namespace ferry
