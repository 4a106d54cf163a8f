// Tells ThreadSanitizer of an order between threads that it cannot see, because code compiled
// without it (an engine's) holds the lock that makes it. Nothing in any other build.
#pragma once

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
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

// While it lives, this thread's accesses are not looked at: for code compiled without the sanitizer
// that has taken its lock, and calls memmove, before we could acquire anything.
class TsanUnseen {
 public:
#ifdef __SANITIZE_THREAD__
  TsanUnseen() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~TsanUnseen() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  TsanUnseen() {}   // NOLINT(modernize-use-equals-default): not trivial, so never "unused"
  ~TsanUnseen() {}  // NOLINT(modernize-use-equals-default)
#endif
  TsanUnseen(const TsanUnseen&) = delete;
  TsanUnseen& operator=(const TsanUnseen&) = delete;
};

}  // namespace ferry
