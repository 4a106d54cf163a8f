// Messages that a program says once, however many of its functions and processes meet their reason.
#pragma once

namespace ferry::builder {

enum class Once { kStoreIsFull, kAdvisory };

// Whether this is the first call for it, in this process and in all that were forked since the
// first call of share_said_once(). Thread-safe.
bool first_time(Once what);
// To be called before processes are forked that shall not repeat each other.
void share_said_once();

}  // namespace ferry::builder
