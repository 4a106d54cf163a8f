// The user's permission for what a function's ferry.toml requests beyond its own folder: --allow,
// or a yes on the terminal. It is remembered in $XDG_CONFIG_HOME/ferry/allowed (else
// ~/.config/ferry/allowed) by a digest of the manifest, the function and what is asked, so that a
// change of any of them is asked about anew.
#pragma once

#include "base/result.h"
#include "function/asks.h"
#include "function/function.h"

namespace ferry::builder {

// kUsage, with what to type, unless nothing is asked, or it is or was allowed. `allow`: --allow was
// given. Says on stderr what is in effect, unless `quiet`.
Status require_allowed(const function::Function& function, const function::Asks& asks, bool allow,
                       bool quiet);

}  // namespace ferry::builder
