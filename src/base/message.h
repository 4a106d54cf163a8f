// Messages between two processes of this program, over a socket that keeps them apart: some bytes,
// and a file where there is more to say or something is to be shared.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace ferry {

struct Message {
  Bytes bytes;
  Fd file;  // not valid: none came
};

// Two connected ends; both send and receive.
struct MessagePipe {
  Fd sender;
  Fd receiver;
};
Result<MessagePipe> make_message_pipe();

enum class WhenFull : unsigned char { kBusy, kWait };

// `file` below 0: none; borrowed. Where the receiver has let too many lie: kBusy, or it waits.
// `what` is for errors: "change".
Status send_message(int socket, ByteView bytes, int file, WhenFull when_full,
                    std::string_view what);

// Waits for one, unless the descriptor is non-blocking. Nothing: there is none, or nobody is left
// who could send one. kInvalid: it has more than `most` bytes, or more than one file.
Result<std::optional<Message>> receive_message(int socket, std::size_t most, std::string_view what);

}  // namespace ferry
