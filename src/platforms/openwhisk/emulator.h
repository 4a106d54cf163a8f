// Plays OpenWhisk's invoker: /init, then /run with the event in the JSON format as its argument,
// each over a socket pair to a front of its own, and takes the answer out of its wrapping.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms::openwhisk {

class OpenWhiskEmulator final : public Emulator {
 public:
  explicit OpenWhiskEmulator(http::Service& adapter) : adapter_(adapter) {}
  Result<Answer> send(const event::Event& event) override;

  // As the invoker sends them; the answer as it came.
  Result<Answer> post(const std::string& path, std::string_view body);

 private:
  http::Service& adapter_;
  bool initialized_ = false;
};

// What a caller gets of an answer of /run: a wrapped reply unwrapped, an application error as the
// problem it is.
Result<Answer> unwrapped(Answer answer);

}  // namespace ferry::platforms::openwhisk
