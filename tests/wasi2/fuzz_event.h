// The event that the fuzz targets of this folder give to their guests.
#pragma once

#include <utility>

#include "wasi2/session.h"

namespace ferry::wasi2 {

inline const HttpRequest& posted_request() {
  static constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {{"A", "b"},
                                                                               {"Host", "h"}};
  static constexpr HttpRequest kRequest{.method = "POST",
                                        .authority = "h",
                                        .path_with_query = "/",
                                        .headers = kHeaders,
                                        .body = "the body of a request"};
  return kRequest;
}

// `bound`: bytes of each output.
inline wasi::Setup bounded_setup(std::uint64_t bound) {
  wasi::Setup setup;
  setup.lists.args = {"f", "argument"};
  setup.lists.environ = {"K=V"};
  setup.stdin_data = "input";
  setup.quotas = {.stdout_bytes = bound, .stderr_bytes = bound, .open_files = 8, .path_bytes = 64};
  return setup;
}

}  // namespace ferry::wasi2
