#include "platforms/jsonl/jsonl.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "event/json.h"
#include "event/json_text.h"
#include "host/outcome_json.h"
#include "platforms/json_view.h"
#include "serve/in_place.h"
#include "serve/shut_in.h"

namespace ferry::platforms {
namespace jsonl {
namespace {

constexpr std::size_t kRead = 64u << 10;
constexpr std::uint64_t kEnvelope = 64u << 10;  // attributes of an event beside its data

// A CloudEvent in JSON as it is; any other JSON is the data of an event that is made here.
Result<event::Event> event_of(const serve::Delivery& delivery, const Clock& clock) {
  FERRY_CHECK_OK(event::check_json(delivery.payload));
  if (JsonView(delivery.payload).member("specversion").present()) {
    return event::from_json(delivery.payload);
  }
  event::Event event;
  event.id = delivery.id;
  event.source = "/ferry/jsonl";
  event.type = "ferry.line";
  event.time = to_rfc3339(clock.wall());
  event.datacontenttype = "application/json";
  event.data = delivery.payload;
  return event;
}

}  // namespace

JsonlAdapter::JsonlAdapter(AdapterContext context)
    : context_(std::move(context)), calls_(context_) {
  context_.reads_logs = true;  // an outcome's line has its log
}

serve::Answer JsonlAdapter::answer(const serve::Delivery& delivery) {
  auto event = event_of(delivery, context_.clock);
  const host::Outcome outcome = event.ok() ? calls_.invoke(0, *event, delivery.arrival, {})
                                           : calls_.refuse(0, event.error(), delivery.arrival, "");
  serve::Answer answer;
  answer.body = host::to_json(outcome, calls_.of()[0]);
  if (outcome.status != host::Status::kOk) {
    answer.error_type = host::status_row(outcome.status).name;
  }
  return answer;
}

LineSource::LineSource(int in, int out, int stop_fd, std::size_t max_line, const Clock& clock)
    : in_(in), out_(out), stop_fd_(stop_fd), max_line_(max_line), clock_(clock) {}

Result<bool> LineSource::fill() {
  std::array<pollfd, 2> watched{{{in_, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
  while (poll(watched.data(), watched.size(), -1) < 0) {
    if (errno != EINTR) {
      return errno_error("wait for standard input", errno);
    }
  }
  if (watched[1].revents != 0) {
    return false;
  }
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kRead);
  const ssize_t got = read(in_, buffer_.data() + before, kRead);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0 && errno != EINTR && errno != EAGAIN) {
    return errno_error("read standard input", errno);
  }
  ended_ = got == 0;
  return !ended_;
}

Result<std::optional<serve::Delivery>> LineSource::next() {
  for (std::size_t searched = 0;;) {
    const std::size_t end = buffer_.find('\n', searched);
    const bool last = end == std::string::npos && ended_;
    if (end != std::string::npos || (last && !buffer_.empty())) {
      ++line_;
      serve::Delivery delivery;
      delivery.payload = buffer_.substr(0, end);
      buffer_.erase(0, last ? end : end + 1);
      if (delivery.payload.ends_with('\r')) {
        delivery.payload.pop_back();
      }
      searched = 0;
      if (delivery.payload.empty()) {
        continue;
      }
      delivery.id = fmt::format("line-{}", line_);
      delivery.arrival = clock_.monotonic();
      return std::optional(std::move(delivery));
    }
    if (last) {
      return std::optional<serve::Delivery>();
    }
    if (buffer_.size() > max_line_) {
      return Error{
          Code::kLimit,
          fmt::format("line {} of standard input has more than {} bytes", line_ + 1, max_line_),
          "raise [limits] input, or write one event a line"};
    }
    searched = buffer_.size();
    FERRY_TRY(const bool more, fill());
    if (!more && !ended_) {
      return std::optional<serve::Delivery>();
    }
  }
}

Status LineSource::settle(const serve::Delivery& /*delivery*/, const serve::Answer& answer) {
  return write_all(out_, as_bytes(answer.body + "\n"), "standard output");
}

namespace {

Status serve(serve::Provider& provider, const serve::Options& options) {
  FERRY_TRY(const auto functions, provider.list({}));
  if (functions.size() != 1) {
    return Error{Code::kUsage,
                 fmt::format("{} functions, and lines of JSON have no path that chooses one",
                             functions.size()),
                 "give one function"};
  }
  const host::sandbox::Needs needs = serve::needs_of(functions, options.record);
  if (options.print_sandbox) {
    serve::print_sandbox(options, needs);
    return Done{};
  }
  FERRY_CHECK_OK(provider.prepare());
  const engine::EngineOptions engine = serve::engine_options_for(functions);
  FERRY_TRY(const auto improver,
            serve::InPlaceImprover::make(provider, functions, engine, !options.quiet));
  serve::Phases phases;
  FERRY_TRY(const serve::Running running,
            serve::bring_up(provider, functions, engine, options.record, phases));
  FERRY_TRY(const Fd stop, serve::stop_on_signal(true));
  serve::LogWriter log(STDERR_FILENO, options.log_format);
  JsonlAdapter adapter(running.context(options.quiet ? nullptr : &log));
  const std::uint64_t input = functions[0].manifest.limits.input;
  const auto make_source = [&]() -> Result<std::unique_ptr<serve::Source>> {
    return std::unique_ptr<serve::Source>(std::make_unique<LineSource>(
        STDIN_FILENO, STDOUT_FILENO, stop.get(), 2 * input + kEnvelope, system_clock()));
  };
  serve::shut_in(provider, options, needs);
  FERRY_TRY(const auto improving, improver->begin(running));
  return serve::run_source(make_source, adapter, 1, stop.get());  // one, so that order is kept
}

}  // namespace
}  // namespace jsonl

namespace {

class Jsonl final : public Platform {
 public:
  const char* name() const override { return "jsonl"; }
  const char* summary() const override { return "Lines of JSON on stdin, outcomes on stdout"; }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    return Adapter{nullptr, std::make_unique<jsonl::JsonlAdapter>(std::move(context))};
  }
  Status serve(serve::Provider& provider, const serve::Options& options) const override {
    return jsonl::serve(provider, options);
  }
};

}  // namespace

const Platform& jsonl_platform() {
  static const Jsonl platform;
  return platform;
}

}  // namespace ferry::platforms
