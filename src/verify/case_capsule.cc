#include "verify/case_capsule.h"

namespace ferry::verify {

Case case_of(const capsule::Capsule& capsule, std::string name) {
  Case out;
  out.name = std::move(name);
  out.event = capsule.event;
  out.expected.status = capsule.result.status;
  // With time and randomness of its own, what it says may be different each time.
  const bool repeats = capsule.drew.empty() && capsule.outside.empty() &&
                       capsule.withheld.empty() && capsule.variables.empty();
  if (repeats && capsule.result.status == "ok" && !capsule.result.http &&
      capsule.result.reply_event.empty()) {
    out.expected.content_type = capsule.result.content_type;
    out.expected.body = capsule.result.data;
  }
  return out;
}

}  // namespace ferry::verify
