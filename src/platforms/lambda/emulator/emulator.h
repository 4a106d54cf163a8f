// Plays Lambda: the Runtime API, stricter than AWS's, and who invokes the function through a
// function URL. For `verify`, `run --platform lambda` and tests.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "emulators/emulator.h"
#include "http/server.h"

namespace ferry::platforms::lambda {

// How an invocation ended, as its caller sees it.
struct Invoked {
  enum class End : unsigned char { kResponse, kError, kTimeout, kGone };
  End end = End::kGone;  // kGone: the runtime said that it could not start, or is no more
  std::string body;
  std::string error_type = {};    // of kError
  std::string content_type = {};  // of an answer that was streamed; else empty
  std::string late_error = {};    // the body of the error that ended a streamed answer, or empty
};

struct InvokeCall {
  std::string payload;
  std::chrono::milliseconds timeout{3000};
  std::string function_arn = "arn:aws:lambda:us-east-1:000000000000:function:emulated";
  std::string trace_id = {};
  bool stream = false;  // by InvokeWithResponseStream: a streamed answer may be larger
};

// The Runtime API on a port of its own. Thread-safe; what a runtime does that AWS forbids, or lets
// pass only today, is in violations().
class RuntimeEmulator final : public http::Service {
 public:
  // `concurrency`: how many invocations a runtime may hold at once.
  static Result<std::unique_ptr<RuntimeEmulator>> start(unsigned concurrency = 1);
  ~RuntimeEmulator() override;

  const std::string& address() const { return address_; }  // for AWS_LAMBDA_RUNTIME_API

  // Hands one invocation over and waits for its end.
  Invoked invoke(const InvokeCall& call);
  std::vector<std::string> violations() const;
  unsigned waiting() const;        // calls of the runtime for its next invocation
  std::string init_error() const;  // the body that was posted, or empty
  // Waiting calls of the runtime end with an error, and all that follow.
  void close();
  // A new environment, as after a crash. Waiting calls of the runtime that was there end with an
  // error, what it had not answered is over (kGone), and the next has its own time to start.
  void reset();

  int lane(const http::Request&) override { return 0; }
  void handle(const http::Request& request, http::Response& response) override;

 private:
  struct Pending {
    std::string id;
    InvokeCall call;
    std::int64_t deadline_ms = 0;  // epoch; set when it is handed over
    bool taken = false;
    bool done = false;
    Invoked result = {};
  };

  explicit RuntimeEmulator(unsigned concurrency) : concurrency_(concurrency) {}
  void next(http::Response& response);
  void response(const std::string& id, const http::Request& request, http::Response& response);
  void error(const std::string& id, const http::Request& request, http::Response& response);
  void init(const http::Request& request, http::Response& response);
  bool check_error(const http::Request& request);
  void check_stream(const http::Request& request, Invoked& result);
  Pending* in_flight(const std::string& id, http::Response& response);
  void finish(Pending& pending, Invoked result);
  void give_up_in_flight();  // with mutex_ held
  void violate(std::string what);
  static void refuse(int status, const char* type, http::Response& response);

  unsigned concurrency_;
  std::string address_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Pending*> queue_;                 // of callers who wait in invoke()
  std::map<std::string, Pending*> in_flight_;  // by request id
  std::set<std::string> answered_;
  std::vector<std::string> violations_;
  std::string init_error_;
  bool polled_ = false;  // /next was called: init is over
  bool closed_ = false;
  unsigned count_ = 0;
  unsigned waiting_ = 0;
  unsigned environment_ = 0;  // how many there were before this one
};

// An Emulator as verify uses it: a runtime loop over `adapter`, and events sent as requests to a
// function URL, whose answers are HTTP again. `log` may be null; else it is borrowed.
Result<std::unique_ptr<Emulator>> make_lambda_emulator(serve::DeliveryHandler& adapter,
                                                       LogTap* log);
// The same requests as payloads of invocations: AWS's Runtime Interface Emulator, whose address
// is that of `wire`.
Result<std::unique_ptr<Emulator>> make_remote_lambda(std::unique_ptr<Wire> wire);

}  // namespace ferry::platforms::lambda
