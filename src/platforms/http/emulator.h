// Plays an HTTP caller: sends the event in binary mode over a socket pair to a front of its own,
// so that every byte goes the way it goes in production.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

class HttpEmulator final : public Emulator {
 public:
  explicit HttpEmulator(http::Service& adapter) : adapter_(adapter) {}
  Result<Answer> send(const event::Event& event) override;

 private:
  http::Service& adapter_;
};

}  // namespace ferry::platforms
