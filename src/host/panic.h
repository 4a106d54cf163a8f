// Tells an uncaught panic from other traps: some languages (Rust, TinyGo) write their message to
// stderr and then run into `unreachable`, where others (Go) exit with a number. Both are `failed`.
#pragma once

#include <string_view>

namespace ferry::host {

// The line of the guest's stderr that announces a panic, the last one if there are several; empty
// when there is none. A guest that writes such a line itself only mislabels its own trap.
std::string_view panic_line(std::string_view err);

}  // namespace ferry::host
