// What a guest wrote, in the forms that everyone reads: stdout → Reply, stderr → log lines.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "function/manifest.h"
#include "host/outcome.h"
#include "wasi/context.h"

namespace ferry::host {

// kInvalid when stdout is not of the form that the manifest promised; the message says where.
Result<Reply> read_reply(std::string_view out, function::ReplyForm form);
// The same with ReplyForm::kData, which takes everything; into an empty reply.
void read_data(std::string_view out, Reply& reply);

// The content type of bytes that came without one: application/json when they are one JSON text,
// text/plain; charset=utf-8 when they are UTF-8, else application/octet-stream.
std::string sniff_content_type(std::string_view data);

// One entry a line, each with the time at which its first byte was written. At most `most_lines`;
// `cut` (may be null) says whether there were more. Wherever a log is printed, each line gets some
// hundred bytes of time and names: a limit on the bytes alone would let a log of empty lines grow a
// hundredfold.
std::vector<LogLine> read_log(std::string_view err, const std::vector<wasi::LogChunk>& chunks,
                              std::size_t most_lines = SIZE_MAX, bool* cut = nullptr);
// As many lines as a log with this limit may have: one for each 64 bytes, and a few in any case.
constexpr std::size_t most_log_lines(std::uint64_t log_limit) {
  return static_cast<std::size_t>(std::max<std::uint64_t>(log_limit / 64, 1024));
}

// One line of an event's log that says what was refused for lack of a grant, and what would grant
// it: the guest itself saw an errno only. Cut to kMaxDenialLine bytes.
std::string denial_line(const Error& denial);
inline constexpr std::size_t kMaxDenialLine = 1000;

// The trace that an event belongs to continues in its answer (CloudEvents, distributed tracing
// extension), unless the function began another.
void carry_trace(const event::Event& from, event::Event& to);

}  // namespace ferry::host
