#include "base/result.h"

#include <system_error>

#include <fmt/format.h>

namespace ferry {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kUsage:
      return "usage";
    case Code::kInvalid:
      return "invalid";
    case Code::kNotFound:
      return "not-found";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kDenied:
      return "denied";
    case Code::kLimit:
      return "limit";
    case Code::kBusy:
      return "busy";
    case Code::kIo:
      return "io";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  return hint.empty() ? message : fmt::format("{} ({})", message, hint);
}

Error with_context(Error error, std::string_view prefix) {
  error.message = fmt::format("{}: {}", prefix, error.message);
  return error;
}

Error errno_error(std::string_view what, int error_number) {
  Code code = Code::kIo;
  if (error_number == ENOENT) {
    code = Code::kNotFound;
  } else if (error_number == EACCES || error_number == EPERM) {
    code = Code::kDenied;
  }
  return {code, fmt::format("{}: {}", what, std::generic_category().message(error_number)), ""};
}

}  // namespace ferry
