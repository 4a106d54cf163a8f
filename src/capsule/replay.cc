#include "capsule/replay.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::capsule {
namespace {

// The event as it came, a plain HTTP request included.
class RecordedEvent final : public event::LazyEvent {
 public:
  explicit RecordedEvent(const Capsule& capsule) : capsule_(capsule) {
    if (!capsule.request) return;
    for (const auto& [name, value] : capsule.request->headers) {
      headers_.emplace_back(name, value);
    }
  }
  std::optional<std::string_view> data() const override { return capsule_.event.data; }
  const event::Event& whole() override { return capsule_.event; }
  std::optional<event::PlainHttp> http() const override {
    if (!capsule_.request) return std::nullopt;
    const HttpRequest& request = *capsule_.request;
    return event::PlainHttp{request.scheme, request.method, request.authority, request.path,
                            headers_};
  }

 private:
  const Capsule& capsule_;
  std::vector<std::pair<std::string_view, std::string_view>> headers_;
};

}  // namespace

Result<function::Manifest> manifest_in_force(const Capsule& capsule, const function::Manifest& own,
                                             function::Sections sections) {
  auto recorded = function::parse_manifest(capsule.manifest, "the capsule's manifest", sections);
  if (!recorded.ok()) return std::move(recorded).error();
  function::Manifest out = own;
  out.input = recorded->input;
  out.reply = recorded->reply;
  out.headers = recorded->headers;
  out.limits = recorded->limits;
  out.args = recorded->args;
  for (auto& [name, value] : recorded->grants.env) {
    out.grants.env.insert_or_assign(name, value);
  }
  return out;
}

Replayed replay(const Capsule& capsule, host::Host& host, host::Loaded& function) {
  Replayed out;
  host::DrawReplay draws(capsule.draws);
  host::Witness witness{draws.clock(), draws.random()};
  if (capsule.deadline) witness.deadline = Monotonic(Nanoseconds(*capsule.deadline));
  host::InvokeOptions options;
  options.invocation = capsule.invocation;
  options.env = capsule.variables;
  options.args = capsule.args;
  RecordedEvent event(capsule);
  const host::Outcome outcome = host::invoke_with(host, function, event, options, witness);
  out.now = result_of(outcome);
  const bool exact =
      capsule.engine == host.engine().info().name || host.engine().info().capabilities.exact_traps;
  out.differences = differences(capsule.result, out.now, exact);
  out.other_function = capsule.digest != host::digest_of(function);
  if (out.other_function) {
    out.notes.emplace_back(
        out.differences.empty()
            ? "another build than the recorded one, with the same outcome"
            : "another build than the recorded one: after a repair its outcome differs, as it "
              "should; see that it is now the right one");
  }
  const auto& tree = host::manifest_of(function).file_tree;
  if (capsule.files != (tree == nullptr ? "" : tree->digest())) {
    out.notes.emplace_back("its files ([function] files) are not those that were recorded");
  }
  if (draws.ran_out()) {
    out.notes.emplace_back("it asked for more time or randomness than was recorded");
  } else if (!draws.used_up() && outcome.status != host::Status::kRefused) {
    out.notes.emplace_back("it asked for less time or randomness than was recorded");
  }
  for (const std::string& rule : capsule.redacted) {
    out.notes.push_back(
        fmt::format("what {} names was left out of the capsule ([record] redact)", rule));
  }
  if (!out.differences.empty()) {
    for (const std::string& what : capsule.outside) {
      out.notes.push_back(fmt::format("it reached for {}, which a capsule does not hold", what));
    }
    for (const std::string& name : capsule.withheld) {
      out.notes.push_back(
          fmt::format("the value of {} is not in the capsule: give it with --env", name));
    }
  }
  return out;
}

}  // namespace ferry::capsule
