// Lines for people on standard error, and the state of the standard streams of a process that
// serves. Nothing here throws: a stream that cannot be written has nowhere to say so.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace ferry {

// One write. Waits for a reader that does not read for at most a second, then drops the text.
void say_text(std::string_view text) noexcept;

template <typename... Values>
void say(fmt::format_string<Values...> format, Values&&... values) noexcept {
  try {
    say_text(fmt::format(format, std::forward<Values>(values)...));
  } catch (...) {  // out of memory: there is nothing to say it with
  }
}

// Descriptors 0 to 2 that are closed are opened, so that no socket or file of ours gets one of
// these numbers and is then written to. To be called first of all.
void open_standard_streams() noexcept;

}  // namespace ferry
