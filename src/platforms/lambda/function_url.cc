// The emulator as the house wants it: a runtime loop, and who calls it through a function URL.
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "event/http.h"
#include "platforms/lambda/emulator.h"
#include "platforms/lambda/json_view.h"
#include "platforms/lambda/runtime.h"

namespace ferry::platforms::lambda {
namespace {

// A request as AWS's function URLs put it (payload format 2.0).
std::string to_payload(const event::HttpMessage& message) {
  std::string out =
      R"({"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{)";
  bool first = true;
  for (const auto& [name, value] : message.headers) {
    out += first ? "" : ",";
    first = false;
    event::append_json_string(out, name);
    out += ':';
    event::append_json_string(out, value);
  }
  out += first ? "" : ",";
  out += R"("host":"emulated.lambda-url.us-east-1.on.aws"},"requestContext":{"http":)";
  out += R"({"method":"POST","path":"/","protocol":"HTTP/1.1"},"stage":"$default",)";
  out += R"("domainName":"emulated.lambda-url.us-east-1.on.aws"},"body":")";
  return out + to_base64(as_bytes(message.body)) + R"(","isBase64Encoded":true})";
}

Result<Answer> from_payload(const std::string& body) {
  JsonView reply(body);
  Answer answer;
  for (char c : reply.member("statusCode").scalar().value_or("")) {
    answer.status = answer.status * 10 + (c >= '0' && c <= '9' ? c - '0' : 0);
  }
  if (answer.status < 100 || answer.status > 599) {
    return Error{Code::kInternal, "the adapter answered a function URL without a status: " + body,
                 ""};
  }
  for (const auto& [name, value] : reply.member("headers").members()) {
    answer.fields.emplace_back(name, value.scalar().value_or(""));
  }
  for (JsonView cookie : reply.member("cookies").elements()) {
    answer.fields.emplace_back("set-cookie", cookie.scalar().value_or(""));
  }
  answer.body = reply.member("body").scalar().value_or("");
  if (reply.member("isBase64Encoded").is_true()) {
    FERRY_TRY(answer.body, from_base64(answer.body));
  }
  return answer;
}

class LambdaEmulator final : public Emulator {
 public:
  static Result<std::unique_ptr<Emulator>> make(http::Service& adapter) {
    auto made = std::unique_ptr<LambdaEmulator>(new LambdaEmulator);
    FERRY_TRY(made->api_, RuntimeEmulator::start());
    made->stop_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    RuntimeOptions options;
    options.api = made->api_->address();
    made->runtime_ = std::thread([options, &adapter, stop = made->stop_.get()] {
      // That it ends with the emulator is no news.
      static_cast<void>(run_loop(options, adapter, system_clock(), stop).ok());
    });
    return std::unique_ptr<Emulator>(std::move(made));
  }
  ~LambdaEmulator() override {
    api_->close();
    runtime_.join();
  }

  Result<Answer> send(const event::Event& event) override {
    FERRY_TRY(auto message, event::to_http(event, event::Mode::kBinary));
    InvokeCall call;
    call.payload = to_payload(message);
    call.timeout = std::chrono::minutes(15);  // Lambda's longest: the function's own limit counts
    Invoked invoked = api_->invoke(call);
    if (auto violations = api_->violations(); !violations.empty()) {
      return Error{Code::kInternal, "Lambda's Runtime API was not kept to: " + violations.front(),
                   ""};
    }
    if (invoked.end == Invoked::End::kResponse) {
      return from_payload(invoked.body);
    }
    // What a function URL makes of a function's error.
    return Answer{502, {{"content-type", "application/json"}}, invoked.body};
  }

 private:
  LambdaEmulator() = default;
  std::unique_ptr<RuntimeEmulator> api_;
  Fd stop_;
  std::thread runtime_;
};

}  // namespace

Result<std::unique_ptr<Emulator>> make_lambda_emulator(http::Service& adapter) {
  return LambdaEmulator::make(adapter);
}

}  // namespace ferry::platforms::lambda
