// Plays OpenWhisk's invoker: /init, then /run with the event in the JSON format as its argument,
// and reads the two streams of the container up to their sentinels.
#pragma once

#include "emulators/emulator.h"

namespace ferry::platforms::openwhisk {

class OpenWhiskEmulator final : public Emulator {
 public:
  // `log` may be null; else it is borrowed.
  OpenWhiskEmulator(std::unique_ptr<Wire> wire, LogTap* log) : wire_(std::move(wire)), log_(log) {}
  Result<Answer> send(const event::Event& event) override;
  Result<Observed> observe(const event::Event& event) override;
  // The argument of an activation, a JSON object; the answer of /run.
  Result<Answer> send_native(std::string_view input) override;
  Result<Answer> send_request(const WireRequest& request) override;

  // As the invoker sends them; the answer as it came.
  Result<Answer> post(const std::string& path, std::string_view body);

 private:
  Status initialize();

  std::unique_ptr<Wire> wire_;
  LogTap* log_;
  bool initialized_ = false;
};

// The argument of a raw web action: a client's request as OpenWhisk's controller hands it over.
std::string web_argument(const WireRequest& request);

// What a caller gets of an answer of /run: a wrapped reply unwrapped, an application error as the
// problem it is.
Result<Answer> unwrapped(Answer answer);

// A real OpenWhisk's API: blocking activations of the action that `wire` names, by the path
// /api/v1/namespaces/NAMESPACE/actions/NAME.
Result<std::unique_ptr<Emulator>> make_remote_openwhisk(std::unique_ptr<Wire> wire);

}  // namespace ferry::platforms::openwhisk
