// What a Context holds, and the signatures of the calls. Private to src/wasi and src/wasi2.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/uio.h>

#include "wasi/abi.h"
#include "wasi/context.h"
#include "wasi/fd_table.h"
#include "wasi/guest.h"
#include "wasi/sockets.h"

namespace ferry::wasi {

// What the calls of a later generation of WASI keep beside a Context (wasi2/session.h); it goes
// with the Context, and stays over its reset().
class Attachment {
 public:
  Attachment() = default;
  virtual ~Attachment() = default;
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
};

struct Context::State {
  State(const Clock& the_clock, Random& the_random)
      : own_clock(&the_clock), own_random(&the_random), clock(&the_clock), random(&the_random) {}

  const Clock* const own_clock;
  Random* const own_random;
  const Clock* clock;  // the setup's, or else the own
  Random* random;
  Setup setup;
  FdTable fds;

  std::size_t stdin_at = 0;  // how much of stdin_data has been read
  std::string out;
  std::string err;
  std::uint64_t err_dropped = 0;
  std::vector<LogChunk> log_chunks;

  Stop stop = Stop::kNone;
  std::uint32_t exit_code = 0;
  std::unique_ptr<Attachment> attachment;
  Drawn drawn;
  std::optional<Error> denial;
  std::unique_ptr<Sockets> sockets;  // null until the guest reaches for the network
  ReadHook read_hook = nullptr;
  void* read_hook_user = nullptr;

  // Kept from call to call for their capacity only.
  std::vector<iovec> slices;
  std::string path;
  std::string second_path;
  std::vector<std::uint8_t> bounce;  // what the kernel writes into, on its way to guest memory
};

// What a call answers: an errno for the guest, or the end of the guest.
struct Answer {
  Answer(Errno the_error) : error(the_error) {}  // NOLINT(google-explicit-constructor)
  static Answer end() {
    Answer answer(Errno::kSuccess);
    answer.stop = true;
    return answer;
  }
  Errno error;
  bool stop = false;
};

// An open descriptor with a right, or the errno to answer: BADF, NOTCAPABLE.
Errno need(Context::State& state, std::uint32_t fd, std::uint64_t right, Entry*& entry);

// Room that the kernel may write into. Bytes in guest memory may be write-protected (guest.h).
inline constexpr std::size_t kBounceBytes = 64u << 10;
std::uint8_t* bounce(Context::State& state);

// Notes what was refused for lack of a grant; the guest itself only sees an errno.
void deny(Context::State& state, std::string message, std::string hint);

}  // namespace ferry::wasi
