#include "platforms/jsonl/jsonl.h"

#include <fmt/format.h>
#include <unistd.h>

#include "event/json.h"
#include "event/json_text.h"
#include "host/outcome_json.h"
#include "platforms/json_view.h"
#include "platforms/jsonl/line_source.h"
#include "serve/in_place.h"
#include "serve/shut_in.h"

namespace ferry::platforms {
namespace jsonl {
namespace {

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
