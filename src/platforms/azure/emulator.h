// Plays the Functions host: forwards an event over an HTTP trigger as it does with
// enableForwardingHttpRequest, which is what ferry pack deploys; and posts the messages of other
// triggers.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms::azure {

class AzureEmulator final : public Emulator {
 public:
  explicit AzureEmulator(http::Service& adapter) : adapter_(adapter) {}
  Result<Answer> send(const event::Event& event) override;

  // {"Data", "Metadata"} as the host posts it; the answer as it came.
  Result<Answer> post(const std::string& function, std::string_view message);

 private:
  http::Service& adapter_;
};

}  // namespace ferry::platforms::azure
