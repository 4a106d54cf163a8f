#include "platforms/lambda/emulator/emulator.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/say.h"
#include "base/thread.h"
#include "http/listener.h"
#include "platforms/json_view.h"
#include "platforms/lambda/replies.h"

namespace ferry::platforms::lambda {
namespace {

constexpr std::chrono::seconds kInitTime{10};
constexpr std::string_view kBase = "/2018-06-01/runtime/";
constexpr std::string_view kErrorType = "lambda-runtime-function-error-type";
constexpr std::string_view kResponseMode = "lambda-runtime-function-response-mode";

std::int64_t epoch_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system_clock().wall().time_since_epoch())
      .count();
}

// "Category.Reason", as AWS recommends and its metrics group by.
bool is_error_type(std::string_view text) {
  std::size_t dot = text.find('.');
  auto is_word = [](std::string_view word) {
    return !word.empty() && word.front() >= 'A' && word.front() <= 'Z' &&
           std::ranges::all_of(word, [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           });
  };
  return dot != std::string_view::npos && is_word(text.substr(0, dot)) &&
         is_word(text.substr(dot + 1));
}

}  // namespace

Result<std::unique_ptr<RuntimeEmulator>> RuntimeEmulator::start(unsigned concurrency) {
  std::unique_ptr<RuntimeEmulator> made(new RuntimeEmulator(concurrency));
  FERRY_TRY(auto listeners, http::listen_on("127.0.0.1:0", 1));
  made->address_ = listeners.address;
  http::ServerOptions options;
  options.lanes = {{1024}};
  options.max_running = 1024;
  options.reader.body = 256u << 20;
  FERRY_TRY(made->server_, http::Server::make(std::move(options), *made));
  FERRY_CHECK_OK(made->server_->listen(std::move(listeners.sockets[0])));
  FERRY_TRY(made->thread_, start_thread([server = made->server_.get()] {
              if (const Status served = server->run(); !served.ok())
                say("{}\n", served.error().text());
            }));
  return made;
}

RuntimeEmulator::~RuntimeEmulator() {
  close();
  if (thread_.joinable()) {
    server_->drain();
    thread_.join();
  }
}

void RuntimeEmulator::give_up_in_flight() {
  for (const auto& [id, pending] : in_flight_) {
    pending->done = true;
  }
  in_flight_.clear();
  changed_.notify_all();
}

void RuntimeEmulator::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  give_up_in_flight();
}

void RuntimeEmulator::reset() {
  std::lock_guard lock(mutex_);
  ++environment_;
  polled_ = false;
  init_error_.clear();
  give_up_in_flight();
}

std::vector<std::string> RuntimeEmulator::violations() const {
  std::lock_guard lock(mutex_);
  return violations_;
}

unsigned RuntimeEmulator::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_;
}

std::string RuntimeEmulator::init_error() const {
  std::lock_guard lock(mutex_);
  return init_error_;
}

void RuntimeEmulator::violate(std::string what) { violations_.push_back(std::move(what)); }

Invoked RuntimeEmulator::invoke(const InvokeCall& call) {
  std::unique_lock lock(mutex_);
  Pending pending{fmt::format("00000000-0000-4000-8000-{:012}", ++count_), call};
  queue_.push_back(&pending);
  changed_.notify_all();
  auto over = [&] { return pending.done || closed_ || !init_error_.empty(); };
  // A runtime has ten seconds until it asks for work for the first time.
  bool began = changed_.wait_for(lock, kInitTime, [&] { return over() || polled_; });
  if (began) {
    changed_.wait(lock, [&] { return over() || pending.taken; });
  }
  if (pending.taken && !changed_.wait_for(lock, call.timeout, over)) {
    // AWS would reset the environment; a late answer is refused as one to an unknown id.
    in_flight_.erase(pending.id);
    pending.result = {
        Invoked::End::kTimeout,
        fmt::format("{{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: "
                    "{} Error: Task timed out after {:.2f} seconds\"}}",
                    pending.id, static_cast<double>(call.timeout.count()) / 1000),
        "Sandbox.Timedout", "", ""};
    violate("an invocation was not answered before its deadline");
  }
  std::erase(queue_, &pending);
  in_flight_.erase(pending.id);
  return pending.result;
}

void RuntimeEmulator::refuse(int status, const char* type, http::Response& response) {
  response.status = status;
  response.content_type = "application/json";
  response.body =
      fmt::format(R"({{"errorMessage":"refused by the emulator","errorType":"{}"}})", type);
}

void RuntimeEmulator::next(http::Response& response) {
  std::unique_lock lock(mutex_);
  polled_ = true;
  if (in_flight_.size() >= concurrency_) {
    violate("/next was called while an invocation is not answered");
    refuse(403, "InvalidStateTransition", response);
    return;
  }
  // A runtime that is no more must not be handed what is meant for its successor.
  const unsigned mine = environment_;
  ++waiting_;
  changed_.wait(lock, [&] { return closed_ || mine != environment_ || !queue_.empty(); });
  --waiting_;
  if (closed_ || mine != environment_) {
    refuse(500, "ContainerError", response);
    return;
  }
  Pending& pending = *queue_.front();
  queue_.pop_front();
  pending.taken = true;
  pending.deadline_ms = epoch_ms() + pending.call.timeout.count();
  in_flight_[pending.id] = &pending;
  response.content_type = "application/json";
  response.fields = {{"Lambda-Runtime-Aws-Request-Id", pending.id},
                     {"Lambda-Runtime-Deadline-Ms", std::to_string(pending.deadline_ms)},
                     {"Lambda-Runtime-Invoked-Function-Arn", pending.call.function_arn}};
  if (!pending.call.trace_id.empty()) {
    response.fields.emplace_back("Lambda-Runtime-Trace-Id", pending.call.trace_id);
  }
  response.body = pending.call.payload;
  changed_.notify_all();
}

RuntimeEmulator::Pending* RuntimeEmulator::in_flight(const std::string& id,
                                                     http::Response& response) {
  auto found = in_flight_.find(id);
  if (found != in_flight_.end()) {
    return found->second;
  }
  bool again = answered_.contains(id);
  violate(again ? "an invocation was answered twice" : "an answer to an unknown id '" + id + "'");
  refuse(again ? 403 : 400, again ? "InvalidStateTransition" : "InvalidRequestID", response);
  return nullptr;
}

void RuntimeEmulator::finish(Pending& pending, Invoked result) {
  pending.result = std::move(result);
  pending.done = true;
  answered_.insert(pending.id);
  in_flight_.erase(pending.id);
  changed_.notify_all();
}

void RuntimeEmulator::response(const std::string& id, const http::Request& request,
                               http::Response& response) {
  std::lock_guard lock(mutex_);
  Pending* pending = in_flight(id, response);
  if (pending == nullptr) {
    return;
  }
  Invoked result{Invoked::End::kResponse, std::string(request.body), "", "", ""};
  const bool streamed = !request.field(kResponseMode).empty();
  if (streamed) {
    check_stream(request, result);
  }
  if (request.body.size() > (streamed && pending->call.stream ? kMaxStreamed : kMaxAnswer)) {
    violate("a response past what its invocation takes");
    refuse(413, "RequestEntityTooLarge", response);
    finish(*pending, {Invoked::End::kError, R"({"errorType":"Function.ResponseSizeTooLarge"})",
                      "Function.ResponseSizeTooLarge", "", ""});
    return;
  }
  if (!streamed && !event::check_json(request.body).ok()) {
    violate("a response that is not JSON");
  }
  response.status = 202;
  finish(*pending, std::move(result));
}

// The form of a streamed answer ("Building a custom runtime", response streaming).
void RuntimeEmulator::check_stream(const http::Request& request, Invoked& result) {
  constexpr std::string_view kHttp = "application/vnd.awslambda.http-integration-response";
  constexpr std::size_t kMaxPrelude = 16u << 10;
  if (request.field(kResponseMode) != "streaming" ||
      request.field("transfer-encoding") != "chunked") {
    violate("a streamed response that does not come in chunks");
  }
  result.content_type = request.field("content-type");
  constexpr std::string_view kNuls("\0\0\0\0\0\0\0\0", 8);
  const std::size_t end = request.body.find(kNuls);
  if (result.content_type == kHttp &&
      (end > kMaxPrelude || !event::check_json(request.body.substr(0, end)).ok())) {
    violate("a streamed HTTP response without its prelude");
  }
  constexpr std::string_view kLate = "Lambda-Runtime-Function-Error-Body: ";
  const std::size_t late = request.trailers.find(kLate);
  if (late == std::string_view::npos) {
    return;
  }
  if (request.field("trailer").find("Lambda-Runtime-Function-Error-Body") ==
      std::string_view::npos) {
    violate("trailers that were not announced");
  }
  std::string_view value = request.trailers.substr(late + kLate.size());
  auto body = from_base64(value.substr(0, value.find('\r')));
  if (!body.ok() || !event::check_json(*body).ok()) {
    violate("a late error whose body is not JSON in base64");
    return;
  }
  result.late_error = std::move(*body);
}

bool RuntimeEmulator::check_error(const http::Request& request) {
  std::size_t before = violations_.size();
  if (!is_error_type(request.field(kErrorType))) {
    violate(fmt::format("an error's type is '{}', which is not Category.Reason",
                        request.field(kErrorType)));
  }
  if (!event::check_json(request.body).ok()) {
    violate("an error whose body is not JSON");
    return false;
  }
  JsonView body(request.body);
  if (!body.member("errorMessage").is(event::JsonKind::kString) ||
      body.member("errorType").scalar() != std::string(request.field(kErrorType)) ||
      !body.member("stackTrace").is(event::JsonKind::kArray)) {
    violate("an error whose body is not {errorMessage, errorType, stackTrace}");
  }
  return violations_.size() == before;
}

void RuntimeEmulator::error(const std::string& id, const http::Request& request,
                            http::Response& response) {
  std::lock_guard lock(mutex_);
  Pending* pending = in_flight(id, response);
  if (pending == nullptr) {
    return;
  }
  check_error(request);
  response.status = 202;
  finish(*pending, {Invoked::End::kError, std::string(request.body),
                    std::string(request.field(kErrorType)), "", ""});
}

void RuntimeEmulator::init(const http::Request& request, http::Response& response) {
  std::lock_guard lock(mutex_);
  if (polled_) {
    violate("an init error after /next");
    refuse(403, "InvalidStateTransition", response);
    return;
  }
  check_error(request);
  init_error_ = request.body;
  response.status = 202;
  changed_.notify_all();
}

void RuntimeEmulator::handle(const http::Request& request, http::Response& response) {
  std::string_view path = request.path();
  bool post = request.method == "POST";
  if (!path.starts_with(kBase)) {
    path = "";
  } else {
    path.remove_prefix(kBase.size());
  }
  if (post && request.field("content-type") != "application/json" &&
      request.field(kResponseMode).empty()) {
    std::lock_guard lock(mutex_);
    violate("a POST that does not say application/json");
  }
  if (request.method == "GET" && path == "invocation/next") {
    next(response);
    return;
  }
  if (post && path == "init/error") {
    init(request, response);
    return;
  }
  constexpr std::string_view kInvocation = "invocation/";
  std::size_t slash = path.rfind('/');
  if (post && path.starts_with(kInvocation) && slash > kInvocation.size()) {
    std::string id(path.substr(kInvocation.size(), slash - kInvocation.size()));
    std::string_view what = path.substr(slash + 1);
    if (what == "response") {
      this->response(id, request, response);
      return;
    }
    if (what == "error") {
      error(id, request, response);
      return;
    }
  }
  std::lock_guard lock(mutex_);
  violate(fmt::format("a call that the Runtime API does not have: {} {}", request.method,
                      request.target));
  refuse(404, "UnknownPath", response);
}

}  // namespace ferry::platforms::lambda
