#include "base/event_fd.h"

#include <cerrno>
#include <cstdint>

#include <unistd.h>

namespace ferry {

void raise_event(int eventfd) {
  const int before = errno;
  const std::uint64_t one = 1;
  while (write(eventfd, &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = before;
}

}  // namespace ferry
