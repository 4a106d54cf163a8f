// Tells ThreadSanitizer of an order between threads that it cannot see, because code compiled
// without it (an engine's) holds the lock that makes it. Nothing in any other build.
#pragma once

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace ferry {

// What this thread did until now was done before whatever follows a tsan_acquire of `key`.
inline void tsan_release([[maybe_unused]] const void* key) {
#ifdef __SANITIZE_THREAD__
  __tsan_release(const_cast<void*>(key));
#endif
}

inline void tsan_acquire([[maybe_unused]] const void* key) {
#ifdef __SANITIZE_THREAD__
  __tsan_acquire(const_cast<void*>(key));
#endif
}

}  // namespace ferry
