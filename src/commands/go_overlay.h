// Outbound connections for Go programs: a build overlay that adds them to package net of the
// installed Go, without changing it or the program (docs/network.md).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::commands {

// The `net_fake.go` of a Go installation, edited so that dialling goes through our file where the
// host offers connections. kUnsupported where it is not of the shape that is known.
Result<std::string> with_dial_hook(std::string_view net_fake);

// Writes the overlay for the `go` on the PATH into the cache folder; returns the path of the file
// that `go build -overlay` takes. kNotFound where there is no go.
Result<std::string> make_go_overlay();

}  // namespace ferry::commands
