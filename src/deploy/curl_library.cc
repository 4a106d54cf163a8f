#include "deploy/curl_library.h"

#include <dlfcn.h>

namespace ferry::deploy {
namespace {

constexpr char kName[] = "libcurl.so.4";

template <typename F>
bool find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  return function != nullptr;
}

Result<CurlLibrary> load() {
  void* library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{Code::kNotFound, std::string(kName) + " is not installed here",
                 "apt-get install libcurl4, or your system's package of libcurl"};
  }
  CurlLibrary out;
  decltype(&::curl_global_init) start = nullptr;
  const bool all =
      find(library, "curl_easy_init", out.init) && find(library, "curl_easy_reset", out.reset) &&
      find(library, "curl_easy_cleanup", out.cleanup) &&
      find(library, "curl_easy_setopt", out.set) &&
      find(library, "curl_easy_perform", out.perform) &&
      find(library, "curl_easy_getinfo", out.info) &&
      find(library, "curl_easy_strerror", out.text) &&
      find(library, "curl_slist_append", out.append) &&
      find(library, "curl_slist_free_all", out.free_list) &&
      find(library, "curl_global_init", start) && start(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!all) {
    return Error{Code::kNotFound, std::string(kName) + " can't be used", "reinstall libcurl"};
  }
  return out;
}

}  // namespace

Result<const CurlLibrary*> curl_library() {
  static const Result<CurlLibrary> loaded = load();
  if (!loaded.ok()) {
    return loaded.error();
  }
  return &loaded.value();
}

}  // namespace ferry::deploy
