// What the two processes that make a snapshot say to each other (builder/apart.h). The one that
// runs the function asks for what takes other programs, and says at the end what it came to; the
// other answers. A module or code travels beside a message, as a file.
//
// What comes from a process that runs a function is untrusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ferry::snapshot {

struct TrialMessage {
  enum class Kind : std::uint32_t {
    kCompile,     // asks to compile the module that comes with it
    kUnwindable,  // asks for it with these functions made unwindable
    kDone,        // the module or the code that was asked for; or the snapshot
    kFailed,
  };
  Kind kind = Kind::kFailed;
  std::vector<std::uint32_t> functions = {};  // of kUnwindable
  Error error = {};                           // of kFailed
  std::string words = {};                     // of kDone: for people
};

inline constexpr std::size_t kMostTrialMessage = 64u << 10;

// Texts are cut to fit. kLimit: there are too many functions.
Result<Bytes> encode(const TrialMessage& message);
// kInvalid. Control characters in texts but for the line feed have become '?'.
Result<TrialMessage> decode(ByteView bytes);

}  // namespace ferry::snapshot
