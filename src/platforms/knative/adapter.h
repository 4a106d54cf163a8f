// The container's side of Knative and Cloud Run: CloudEvents in, and replies that a broker takes.
// Google's older events become CloudEvents first. All else is as the platform http has it.
// docs/knative.md says what is answered when.
#pragma once

#include "platforms/http/adapter.h"

namespace ferry::platforms {

const Platform& knative_platform();

namespace knative {

// Where a probe asks whether requests are taken.
inline constexpr std::string_view kReadyPath = "/_/ready";

class KnativeAdapter final : public HttpAdapter {
 public:
  explicit KnativeAdapter(AdapterContext context);

 protected:
  void prepare(const http::Request& request, HttpCall& call) override;
};

// A broker takes an answer with a body for an event, or for a fault that it repeats. So the reply
// of a function that gives bytes goes as an event of type `request`.reply from reply_source(), in
// binary mode: body and content type are the reply's own. An event that is such a reply itself is
// answered with nothing: a trigger without a filter would turn in circles.
void reply_as_event(const event::Event& request, const std::string& function, const Clock& clock,
                    host::Outcome& outcome);
std::string reply_source(const std::string& function);
inline constexpr std::string_view kReplySuffix = ".reply";

}  // namespace knative
}  // namespace ferry::platforms
