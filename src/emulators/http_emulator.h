// The base of emulators of platforms that call functions over HTTP: an event goes as the POST of a
// CloudEvent, a client's request as itself, and the answer is read as ferry's own over HTTP
// (docs/serve.md). A platform's emulator overrides what its platform does otherwise; for one that
// only adds headers or moves paths, that is forward() alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "emulators/emulator.h"
#include "event/http.h"
#include "serve/front.h"

namespace ferry::platforms {

class HttpEmulator : public Emulator {
 public:
  // `log` may be null; else it is borrowed. `name` is the function's on the platform.
  HttpEmulator(std::unique_ptr<Wire> wire, LogTap* log, std::string name)
      : wire_(std::move(wire)), log_(log), name_(std::move(name)) {}
  Result<Answer> send(const event::Event& event) override;
  Result<Observed> observe(const event::Event& event) override;
  // A request as text (parse_request).
  Result<Answer> send_native(std::string_view input) override;
  Result<Answer> send_request(const WireRequest& request) override;

 protected:
  // What the platform changes of a client's request on its way to the function.
  virtual void forward(WireRequest& request) const;

  Result<Answer> exchange(const WireRequest& request) { return wire_->exchange(request); }
  const std::string& name() const { return name_; }

 private:
  std::unique_ptr<Wire> wire_;
  LogTap* log_;
  std::string name_;
};

// How a platform is emulated whose emulator is an HttpEmulator.
template <typename E>
class HttpEmulation final : public Emulation {
 public:
  explicit HttpEmulation(const Platform& platform) : platform_(platform) {}
  const Platform& platform() const override { return platform_; }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(*adapter.http, serve::front_options(options.limits)));
    return std::unique_ptr<Emulator>(
        std::make_unique<E>(std::move(wire), options.log, std::move(options.name)));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(
        std::make_unique<E>(std::move(wire), nullptr, EmulatorOptions().name));
  }

 private:
  const Platform& platform_;
};

// The event in binary mode, or in structured mode where binary would lose something: the type of
// an attribute, that there are data but no bytes of them.
Result<event::HttpMessage> http_message_of(const event::Event& event);
// That message as a POST to "/". Borrows the body.
WireRequest post_of(const event::HttpMessage& message);

// The lines of one event, in LogWriter's JSON, off the tap; nothing when `log` is null.
Status observe_json_log(LogTap* log, Observed& into);

}  // namespace ferry::platforms
