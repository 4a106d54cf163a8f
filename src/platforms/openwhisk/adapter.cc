#include "platforms/openwhisk/adapter.h"

#include <algorithm>

#include <fmt/format.h>

#include "event/json_text.h"
#include "platforms/http_calls.h"
#include "platforms/openwhisk/answer.h"
#include "platforms/openwhisk/code.h"
#include "platforms/openwhisk/upload.h"

namespace ferry::platforms::openwhisk {
namespace {

constexpr int kForbidden = 403;
constexpr int kBadCode = 502;

// Taken off the platform's deadline, so that our answer is there before the invoker gives up.
constexpr std::chrono::milliseconds kMargin{100};

// A parameter of the action's that /init brings, and its value: see write_result().
constexpr char kWebForm[] = "FERRY_WEB";
constexpr std::string_view kResultForm = "result";

bool is_entry(std::string_view path) { return path == "/init" || path == "/run" || path == "/"; }

}  // namespace

OpenWhiskAdapter::OpenWhiskAdapter(AdapterContext context, const AdapterOptions& options)
    : context_(std::move(context)), options_(options), log_(options.out, options.err) {
  if (context_.functions.size() == 1) {
    action_ = std::make_shared<const Action>(Action{context_.functions.front(), {}});
  }
}

OpenWhiskAdapter::ActionPtr OpenWhiskAdapter::action() {
  std::lock_guard lock(mutex_);
  return action_;
}

int OpenWhiskAdapter::lane(const http::Request& request) {
  return request.method == "POST" && is_entry(request.path()) ? 0 : kNoLane;
}

void OpenWhiskAdapter::overloaded(const http::Request& /*request*/, http::Response& response) {
  answer_error(503, "all slots of this container are taken and the queue is full", response);
}

void OpenWhiskAdapter::refused(int status, std::string_view reason, http::Response& response) {
  answer_error(status, reason, response);
}

void OpenWhiskAdapter::end_refused(int status, std::string_view message, http::Response& response) {
  ActivationLines lines;
  lines.err = fmt::format("ferry: {}\n", message);
  log_.end(lines);
  answer_error(status, message, response);
}

void OpenWhiskAdapter::handle(const http::Request& request, http::Response& response) {
  const std::string_view path = request.path();
  if (!is_entry(path)) {
    answer_error(404, "there are /init, /run and /", response);
    return;
  }
  if (request.method != "POST") {
    answer_error(405, "only POST is answered", response);
    response.fields.emplace_back("Allow", "POST");
    return;
  }
  auto body = read_members(request.body);
  if (!body.ok()) {
    const std::string message = "the request is not a JSON object: " + body.error().message;
    if (path == "/run") {
      end_refused(400, message, response);
    } else {
      answer_error(400, message, response);
    }
    return;
  }
  if (path == "/") {
    handle_single(*body, request.arrival, response);
    return;
  }
  const std::string_view* found = find(*body, "value");
  if (path == "/init") {
    handle_init(found == nullptr ? "" : *found, response);
    return;
  }
  // As in stock runtimes, no value is no arguments.
  const std::string_view value = found == nullptr ? "{}" : *found;
  std::erase_if(*body, [](const auto& member) { return member.first == "value"; });
  handle_run(value, *body, request.arrival, response);
}

void OpenWhiskAdapter::handle_single(const Members& body, Monotonic arrival,
                                     http::Response& response) {
  const std::string_view* init = find(body, "init");
  const std::string_view* activation = find(body, "activation");
  const std::string_view* value = find(body, "value");
  if (init != nullptr) {
    handle_init(*init, response);
    if (response.status != 200 || (activation == nullptr && value == nullptr)) {
      return;
    }
  }
  Members metadata;
  if (activation != nullptr) {
    auto read = read_members(*activation);
    if (!read.ok()) {
      end_refused(400, "activation is not a JSON object", response);
      return;
    }
    metadata = *std::move(read);
  }
  handle_run(value == nullptr ? "{}" : *value, metadata, arrival, response);
}

void OpenWhiskAdapter::handle_init(std::string_view value, http::Response& response) {
  {
    std::lock_guard lock(mutex_);
    if (initialized_ || initializing_) {
      constexpr char kTwice[] = "Cannot initialize the action more than once.";
      log_.say(kTwice);
      answer_error(kForbidden, kTwice, response);
      return;
    }
    initializing_ = true;
  }
  Status done = Done{};
  if (value.empty() || event::kind_of(value) != event::JsonKind::kObject) {
    done = initialize({});
  } else if (auto init = read_init(value); init.ok()) {
    done = initialize(*init);
  } else {
    done = std::move(init).error();
  }
  {
    std::lock_guard lock(mutex_);
    initializing_ = false;
    initialized_ = done.ok();
  }
  if (!done.ok()) {
    log_.say("ferry: init: " + done.error().text());
    answer_error(kBadCode, done.error().text(), response);
    return;
  }
  response.status = 200;
  response.content_type = "application/json";
  response.body = R"({"ok":true})";
}

Status OpenWhiskAdapter::initialize(const Init& init) {
  std::optional<host::InService> function;
  const auto& have = context_.functions;
  if (!init.code.empty()) {
    if (!have.empty()) {
      return Error{Code::kUsage, "this image holds its function, and code was sent as well",
                   "create the action from the image alone"};
    }
    FERRY_TRY(auto code, read_code(init.code, init.main));
    // What an interpreter tries in vain is not to be recorded.
    FERRY_TRY(const auto loaded,
              load_upload(context_.host, std::move(code), init.name.empty() ? "action" : init.name,
                          options_, context_.recorders.empty()));
    for (const auto& recorder : context_.recorders) {
      host::add_recorder(*loaded.function.version(), recorder);
    }
    improve(context_.host, loaded, options_);
    function = loaded.function;
    options_.on_loaded(loaded.grants);
  } else if (have.empty()) {
    return Error{Code::kInvalid, "Missing main/no code to execute.", ""};
  } else {
    auto named = std::find_if(have.begin(), have.end(), [&](const auto& each) {
      return host::name_of(*each.version()) == init.main;
    });
    if (named == have.end() && have.size() > 1) {
      return Error{Code::kNotFound, fmt::format("this image has no function '{}'", init.main),
                   "name one of its functions as the action's main"};
    }
    function = named == have.end() ? have.front() : *named;
  }
  auto action = std::make_shared<const Action>(Action{*function, init.env});
  std::lock_guard lock(mutex_);
  action_ = std::move(action);
  return Done{};
}

host::InvokeOptions OpenWhiskAdapter::invoke_options(const Action& action,
                                                     const Activation& activation) const {
  host::InvokeOptions options;
  options.invocation = activation.id;
  if (activation.deadline_ms) {
    // A deadline further away than a year is none; this also keeps the sum within its type.
    const auto now = std::chrono::floor<std::chrono::milliseconds>(context_.clock.wall());
    const std::int64_t most = std::chrono::milliseconds(std::chrono::hours(24 * 365)).count();
    const std::int64_t left = *activation.deadline_ms - now.time_since_epoch().count();
    options.deadline = context_.clock.monotonic() +
                       std::chrono::milliseconds(std::clamp<std::int64_t>(left, 0, most)) - kMargin;
  }
  Environment env = options_.env;
  for (const auto& [name, text] : action.env) {
    env[name] = text;
  }
  for (const auto& [name, text] : activation.env) {
    env[name] = text;
  }
  options.env.assign(env.begin(), env.end());
  return options;
}

void OpenWhiskAdapter::handle_run(std::string_view value, const Members& metadata,
                                  Monotonic arrival, http::Response& response) {
  const ActionPtr action = this->action();
  if (action == nullptr) {
    end_refused(500, "no action defined yet", response);
    return;
  }
  auto activation = read_activation(value, metadata);
  if (!activation.ok()) {
    end_refused(activation.error().code == Code::kUsage ? 404 : 400, activation.error().message,
                response);
    return;
  }
  auto web = read_web(activation->value);
  if (!web.ok()) {
    end_refused(400, web.error().message, response);
  } else if (*web) {
    run_web(*action, *activation, std::move(**web), arrival, response);
  } else {
    run_plain(*action, *activation, arrival, response);
  }
}

void OpenWhiskAdapter::run_plain(const Action& action, const Activation& activation,
                                 Monotonic arrival, http::Response& response) {
  const event::Event event = event_of(activation, context_.clock, context_.random);
  event::ReadyEvent ready(event);
  host::InvokeOptions options = invoke_options(action, activation);
  options.arrived = arrival;
  host::Outcome outcome = action.function.invoke(ready, options);
  context_.observe(0, outcome, context_.clock.monotonic() - arrival);
  if (outcome.status == host::Status::kOk && outcome.reply.http) {
    AdapterContext context{context_.host, {action.function}, context_.clock, context_.random};
    http::Response inner;
    HttpCalls(context).answer(0, outcome, false, inner);
    response.body = write_web(inner, false);
    response.content_type = "application/json";
  } else {
    answer_outcome(outcome, host::digest_of(*action.function.version()), response);
  }
  ActivationLines lines;
  lines.add(outcome);
  log_.end(lines);
}

void OpenWhiskAdapter::run_web(const Action& action, const Activation& activation,
                               WebRequest request, Monotonic arrival, http::Response& response) {
  AdapterContext context{context_.host, {action.function}, context_.clock, context_.random};
  ActivationLines lines;
  bool failed = false;
  bool overload = false;
  int status = 200;
  context.observe = [&](std::size_t, const host::Outcome& outcome, Nanoseconds took) {
    lines.add(outcome);
    failed |= outcome.status != host::Status::kOk;
    overload |= outcome.overload;
    if (outcome.status == host::Status::kBroken) {
      status = run_status(outcome);
    }
    context_.observe(0, outcome, took);
  };
  std::vector<event::HeaderView> headers(request.headers.begin(), request.headers.end());
  HttpCall call;
  call.message.method = request.method;
  call.message.target = request.target;
  call.message.headers = headers;
  call.message.body = std::move(request.body);
  call.arrival = arrival;
  call.invoke = invoke_options(action, activation);
  http::Response inner;
  HttpCalls(context).call(std::move(call), inner);
  // Events of a batch that were refused are in its answer; the activation itself is not repeated.
  response.status = overload && inner.status != 200 ? inner.status : status;
  response.content_type = "application/json";
  const auto form = action.env.find(kWebForm);
  response.body = form != action.env.end() && form->second == kResultForm
                      ? write_result(inner, failed)
                      : write_web(inner, failed);
  log_.end(lines);
}

}  // namespace ferry::platforms::openwhisk
