// The container's side of OpenWhisk's contract: /init once, then /run, many at once, each in an
// instance of its own; and both through POST / as the single-entrypoint contract has it. Functions
// that are there from the start (a blackbox image) need no code in /init, and no /init at all.
// docs/openwhisk.md says what is answered when.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "platforms/openwhisk/activation_log.h"
#include "platforms/openwhisk/message.h"
#include "platforms/openwhisk/web.h"
#include "platforms/platform.h"
#include "serve/upload_improver.h"

namespace ferry::platforms::openwhisk {

struct AdapterOptions {
  std::optional<bundle::VerifyKey> key;  // whose bundles are taken; absent: nobody's
  function::Sections sections = {};      // tables of platforms that a manifest may have
  int out = 1;                           // where activations' logs go
  int err = 2;
  Environment env = {};  // the container's own that is a function's to know (__OW_API_HOST)
  serve::UploadImprover* improver = nullptr;  // borrowed; null: what came stays as it is
  // Once /init has brought the function, before it is run.
  std::function<void(const function::Grants&)> on_loaded = [](const function::Grants&) {};
};

class OpenWhiskAdapter final : public http::Service {
 public:
  OpenWhiskAdapter(AdapterContext context, const AdapterOptions& options);

  int lane(const http::Request& request) override;
  void handle(const http::Request& request, http::Response& response) override;
  void overloaded(const http::Request& request, http::Response& response) override;
  void refused(int status, std::string_view reason, http::Response& response) override;
  void tidy() override { context_.host.drop_idle(); }

 private:
  // What /init made; never changed afterwards.
  struct Action {
    host::InService function;
    Environment env;
  };
  using ActionPtr = std::shared_ptr<const Action>;

  void handle_init(std::string_view value, http::Response& response);
  Status initialize(const Init& init);
  void handle_run(std::string_view value, const Members& metadata, Monotonic arrival,
                  http::Response& response);
  void handle_single(const Members& body, Monotonic arrival, http::Response& response);
  void run_plain(const Action& action, const Activation& activation, Monotonic arrival,
                 http::Response& response);
  void run_web(const Action& action, const Activation& activation, WebRequest request,
               Monotonic arrival, http::Response& response);
  host::InvokeOptions invoke_options(const Action& action, const Activation& activation) const;
  void end_refused(int status, std::string_view message, http::Response& response);
  ActionPtr action();

  AdapterContext context_;
  AdapterOptions options_;
  ActivationLog log_;
  std::mutex mutex_;
  bool initializing_ = false;
  bool initialized_ = false;  // by /init
  ActionPtr action_;
};

}  // namespace ferry::platforms::openwhisk
