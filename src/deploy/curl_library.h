// libcurl, loaded when something is sent for the first time: it brings some thirty libraries with
// it, which no other verb should pay for at its start.
#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace ferry::deploy {

// Its functions, as its own header declares them.
struct CurlLibrary {
  decltype(&::curl_easy_init) init = nullptr;
  decltype(&::curl_easy_cleanup) cleanup = nullptr;
  decltype(&::curl_easy_reset) reset = nullptr;
  decltype(&::curl_easy_setopt) set = nullptr;
  decltype(&::curl_easy_perform) perform = nullptr;
  decltype(&::curl_easy_getinfo) info = nullptr;
  decltype(&::curl_easy_strerror) text = nullptr;
  decltype(&::curl_slist_append) append = nullptr;
  decltype(&::curl_slist_free_all) free_list = nullptr;
};

// Loaded once and never unloaded. kNotFound where there is none.
Result<const CurlLibrary*> curl_library();

}  // namespace ferry::deploy
