// The runtime's life: /next, the adapter, /response or /error, again; until the Runtime API is
// gone or SIGTERM comes. A guest's fault is an answer and never the end of it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "platforms/platform.h"
#include "serve/delivery.h"
#include "serve/log.h"

namespace ferry::platforms::lambda {

// What Lambda says in the environment.
struct RuntimeOptions {
  std::string api;                     // AWS_LAMBDA_RUNTIME_API
  std::string handler;                 // _HANDLER: the function's name
  unsigned concurrency = 1;            // AWS_LAMBDA_MAX_CONCURRENCY: invocations at once
  std::optional<bool> streaming = {};  // FERRY_LAMBDA_STREAMING: on, off; else the manifest
  serve::LogFormat log_format =
      serve::LogFormat::kJson;  // AWS_LAMBDA_LOG_FORMAT=Text: lines of text
};
// kUsage where AWS_LAMBDA_RUNTIME_API is not set, or a number is none.
Result<RuntimeOptions> runtime_options(const std::function<const char*(const char*)>& env);

// The provider's functions as Lambda's runtime: this process is the `bootstrap` that Lambda, or one
// of its emulators, started. Until SIGTERM (ok), or until the Runtime API is gone (an error). What
// goes wrong before the first invocation is reported to Lambda as an init error, too.
Status serve(serve::Provider& provider, const serve::Options& options);

// Tells the Runtime API that there will be no runtime, and returns the error, to be printed.
Status init_failed(const RuntimeOptions& options, Error error);

// Serves until SIGTERM (ok) or until /next fails (an error: the process must end with a code that
// is not 0). A handler that names no function is an init error. Once in a process: takes SIGTERM.
// `before_events` is called when everything is there that events need.
Status run_runtime(const RuntimeOptions& options, AdapterContext context,
                   const std::function<void()>& before_events);

// The loop alone, on `options.concurrency` threads; `stop_fd` becoming readable ends it.
Status run_loop(const RuntimeOptions& options, serve::DeliveryHandler& handler, const Clock& clock,
                int stop_fd);

}  // namespace ferry::platforms::lambda
