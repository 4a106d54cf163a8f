// wasi:http/types error-code, with what some of its cases carry. Private to src/wasi2.
#pragma once

#include <optional>
#include <string>

#include "wasi2/results.h"

namespace ferry::wasi2 {

// Those that are given here, by their number in the variant.
enum class HttpError : u8 {
  kDnsTimeout = 0,
  kDnsError = 1,
  kDestinationUnavailable = 3,
  kDestinationUnroutable = 5,
  kConnectionRefused = 6,
  kConnectionTerminated = 7,
  kConnectionTimeout = 8,
  kConnectionReadTimeout = 9,
  kConnectionLimitReached = 11,
  kTlsProtocolError = 12,
  kTlsCertificateError = 13,
  kTlsAlertReceived = 14,
  kRequestDenied = 15,
  kRequestBodySize = 17,
  kRequestMethodInvalid = 18,
  kRequestUriInvalid = 19,
  kResponseIncomplete = 25,
  kResponseBodySize = 28,
  kProtocolError = 35,
  kInternalError = 38,
};
inline constexpr u32 kHttpErrors = 39;

struct HttpFailure {
  HttpError code = HttpError::kInternalError;
  std::optional<u64> size = {};  // of the body-size cases
  std::string text = {};         // of kInternalError; for the others it is for debug strings only
};

}  // namespace ferry::wasi2
