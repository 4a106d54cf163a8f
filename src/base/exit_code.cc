#include "base/exit_code.h"

namespace ferry {

int exit_code_of(const Error& error) {
  switch (error.code) {
    case Code::kUsage:
      return kExitUsage;
    case Code::kInvalid:
    case Code::kUnsupported:
    case Code::kLimit:
      return kExitInvalid;
    case Code::kInternal:
      return kExitBroken;
    case Code::kNotFound:
    case Code::kDenied:
    case Code::kBusy:
    case Code::kIo:
      return kExitNoEngineOrFile;
  }
  return kExitBroken;
}

}  // namespace ferry
