// The emulator that verify uses: a runtime loop, and a caller through a function URL.
#include <map>

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/lower_case.h"
#include "emulators/http_emulator.h"
#include "platforms/json_view.h"
#include "platforms/lambda/emulator/emulator.h"
#include "platforms/lambda/replies.h"
#include "platforms/lambda/runtime.h"

namespace ferry::platforms::lambda {
namespace {

constexpr char kDomain[] = "emulated.lambda-url.us-east-1.on.aws";

// A request as AWS's function URLs put it (payload format 2.0): a header of several lines is one,
// joined by commas, and cookies stand apart.
std::string to_payload(const WireRequest& request) {
  const std::size_t question = request.path.find('?');
  const std::string path = request.path.substr(0, question);
  const std::string query =
      question == std::string::npos ? std::string() : request.path.substr(question + 1);
  std::map<std::string, std::string> headers;
  std::vector<std::string> cookies;
  for (const auto& [name, value] : request.fields) {
    const std::string lower = lower_case(name);
    if (lower == "cookie") {
      cookies.push_back(value);
    } else if (const auto [at, added] = headers.try_emplace(lower, value); !added) {
      at->second += "," + value;
    }
  }
  headers["host"] = kDomain;
  const auto quoted = [](std::string_view text) { return event::json_string(text); };
  std::string out = fmt::format(
      R"({{"version":"2.0","routeKey":"$default","rawPath":{},"rawQueryString":{},"headers":{{)",
      quoted(path), quoted(query));
  for (const auto& [name, value] : headers) {
    out += fmt::format("{}{}:{}", out.ends_with('{') ? "" : ",", quoted(name), quoted(value));
  }
  out += '}';
  if (!cookies.empty()) {
    out += ",\"cookies\":[";
    for (const std::string& cookie : cookies) {
      out += (out.ends_with('[') ? "" : ",") + quoted(cookie);
    }
    out += ']';
  }
  return out + fmt::format(R"(,"requestContext":{{"http":{{"method":{},"path":{},)"
                           R"("protocol":"HTTP/1.1"}},"stage":"$default","domainName":"{}"}},)"
                           R"("body":"{}","isBase64Encoded":true}})",
                           quoted(request.method), quoted(path), kDomain,
                           to_base64(as_bytes(request.body)));
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

// A streamed answer: what is before the eight NULs, and the body behind them.
Result<Answer> from_stream(const std::string& body) {
  const std::size_t end = body.find(std::string(8, '\0'));
  FERRY_TRY(Answer answer, from_payload(body.substr(0, end)));
  answer.body = body.substr(end + 8);  // the emulator has seen that they are there
  return answer;
}

// What a function URL makes of the end of an invocation.
Result<Answer> answer_of(const Invoked& invoked) {
  if (invoked.end == Invoked::End::kResponse) {
    return invoked.content_type.empty() ? from_payload(invoked.body) : from_stream(invoked.body);
  }
  return Answer{502, {{"content-type", "application/json"}}, invoked.body};
}

// A function's error (docs/aws-lambda.md has the types): only where HTTP can't say it.
Result<Observed> observed_error(const Answer& answer) {
  JsonView error(answer.body);
  const std::string type = error.member("errorType").scalar().value_or("");
  for (int i = 0; i <= static_cast<int>(host::Status::kBroken); ++i) {
    const auto status = static_cast<host::Status>(i);
    if (type == error_type(status)) {
      Observed out;
      out.status = host::status_row(status).name;
      out.error = error.member("errorMessage").scalar().value_or("");
      return out;
    }
  }
  return Error{Code::kInvalid, "an error of no type that we know: " + answer.body.substr(0, 500),
               ""};
}

Result<Observed> observed_at(const Answer& answer) {
  return answer.status == 502 && answer.field("content-type") == "application/json"
             ? observed_error(answer)
             : observed_of(answer);
}

class LambdaEmulator final : public Emulator {
 public:
  static Result<std::unique_ptr<Emulator>> make(serve::DeliveryHandler& adapter, LogTap* log) {
    auto made = std::unique_ptr<LambdaEmulator>(new LambdaEmulator(log));
    FERRY_TRY(made->api_, RuntimeEmulator::start());
    made->stop_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    RuntimeOptions options;
    options.api = made->api_->address();
    made->runtime_ = std::thread([options, &adapter, stop = made->stop_.get()] {
      // That it ends with the emulator is expected.
      static_cast<void>(run_loop(options, adapter, system_clock(), stop).ok());
    });
    return std::unique_ptr<Emulator>(std::move(made));
  }
  ~LambdaEmulator() override {
    if (runtime_.joinable()) {
      api_->close();
      runtime_.join();
    }
  }
  LambdaEmulator(const LambdaEmulator&) = delete;
  LambdaEmulator& operator=(const LambdaEmulator&) = delete;

  Result<Answer> send(const event::Event& event) override {
    FERRY_TRY(const auto message, http_message_of(event));
    return send_request(post_of(message));
  }

  Result<Answer> send_request(const WireRequest& request) override {
    FERRY_TRY(const Invoked invoked, invoke(to_payload(request)));
    return answer_of(invoked);
  }

  Result<Observed> observe(const event::Event& event) override {
    FERRY_TRY(const Answer answer, send(event));
    FERRY_TRY(Observed observed, observed_at(answer));
    FERRY_CHECK_OK(observe_json_log(log_, observed));
    return observed;
  }

  Result<Answer> send_native(std::string_view input) override {
    FERRY_TRY(Invoked invoked, invoke(std::string(input)));
    const bool ok = invoked.end == Invoked::End::kResponse;
    return Answer{ok ? 200 : 500, {{"content-type", "application/json"}}, std::move(invoked.body)};
  }

 private:
  explicit LambdaEmulator(LogTap* log) : log_(log) {}

  Result<Invoked> invoke(std::string payload) {
    InvokeCall call;
    call.payload = std::move(payload);
    call.stream = true;
    call.timeout = std::chrono::minutes(15);  // Lambda's longest: the function's own limit counts
    Invoked invoked = api_->invoke(call);
    if (auto violations = api_->violations(); !violations.empty()) {
      return Error{Code::kInternal, "Lambda's Runtime API was not kept to: " + violations.front(),
                   ""};
    }
    return invoked;
  }

  LogTap* log_;
  std::unique_ptr<RuntimeEmulator> api_;
  Fd stop_;
  std::thread runtime_;
};

class RemoteLambda final : public Emulator {
 public:
  explicit RemoteLambda(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}

  Result<Answer> send(const event::Event& event) override {
    FERRY_TRY(const auto message, http_message_of(event));
    return send_request(post_of(message));
  }

  Result<Answer> send_request(const WireRequest& request) override {
    FERRY_TRY(const Answer answer, send_native(to_payload(request)));
    // It answers 200 to errors too, and says which they are in the body.
    const JsonView body(answer.body);
    const bool failed = body.member("errorType").present();
    return answer_of({failed ? Invoked::End::kError : Invoked::End::kResponse, answer.body, ""});
  }

  Result<Observed> observe(const event::Event& event) override {
    FERRY_TRY(const Answer answer, send(event));
    return observed_at(answer);
  }

  Result<Answer> send_native(std::string_view input) override {
    WireRequest request;
    request.path = "/2015-03-31/functions/function/invocations";
    request.fields = {{"Content-Type", "application/json"}};
    request.body = input;
    FERRY_TRY(Answer answer, wire_->exchange(request));
    if (!event::check_json(answer.body).ok()) {
      return Error{Code::kInvalid,
                   fmt::format("the invocation was answered {} and no JSON: {}", answer.status,
                               answer.body.substr(0, 500)),
                   ""};
    }
    return answer;
  }

 private:
  std::unique_ptr<Wire> wire_;
};

}  // namespace

Result<std::unique_ptr<Emulator>> make_lambda_emulator(serve::DeliveryHandler& adapter,
                                                       LogTap* log) {
  return LambdaEmulator::make(adapter, log);
}

Result<std::unique_ptr<Emulator>> make_remote_lambda(std::unique_ptr<Wire> wire) {
  return std::unique_ptr<Emulator>(std::make_unique<RemoteLambda>(std::move(wire)));
}

}  // namespace ferry::platforms::lambda
