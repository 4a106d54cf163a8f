#include "hostmain/decide.h"

namespace ferry::hostmain {

Decision decide_platform(const std::string& named, const platforms::Lookup& env) {
  if (!named.empty()) {
    return {named, "--platform says so"};
  }
  const platforms::Platform* found = nullptr;
  for (const platforms::Platform* platform : platforms::all_platforms()) {
    const platforms::Sign sign = platform->sign();
    const char* value = sign.variable == nullptr ? nullptr : env(sign.variable);
    if (value != nullptr && value[0] != '\0' &&
        (found == nullptr || (sign.starts_us && !found->sign().starts_us))) {
      found = platform;
    }
  }
  if (found == nullptr) {
    return {"http", "no other platform's variable is set"};
  }
  return {found->name(), std::string(found->sign().variable) + " is set"};
}

}  // namespace ferry::hostmain
