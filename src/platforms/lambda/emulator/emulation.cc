#include "platforms/lambda/adapter.h"
#include "platforms/lambda/emulator/emulator.h"
#include "platforms/lambda/replies.h"

namespace ferry::platforms {
namespace lambda {
namespace {

// Whether what the function answers is past what Lambda takes, as an HTTP API's answer has it.
bool is_past_limit(const Observed& answered) {
  if (answered.status != host::status_row(host::Status::kOk).name) {
    return false;
  }
  http::Response response;
  response.content_type = answered.content_type;
  response.body = answered.body;
  response.fields.assign(answered.headers.begin(), answered.headers.end());
  return !http_report(ReplyKind::kHttpV2, false, response).error_type.empty();
}

}  // namespace
}  // namespace lambda

namespace {

class LambdaEmulation final : public Emulation {
 public:
  const Platform& platform() const override { return lambda_platform(); }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    return lambda::make_lambda_emulator(*adapter.deliveries, options.log);
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return lambda::make_remote_lambda(std::move(wire));
  }
  std::string lose(Observed& expected) const override {
    if (!lambda::is_past_limit(expected)) {
      return {};
    }
    const host::Outcome too_large = lambda::too_large_outcome("");
    const auto logs = std::move(expected.logs);
    auto notes = std::move(expected.notes);
    expected = observed_of(too_large);
    expected.logs = logs;
    notes.insert(notes.end(), expected.notes.begin(), expected.notes.end());
    expected.notes = std::move(notes);
    return "an answer past 6 MiB, encoded as Lambda wants it, is output-too-large";
  }
};

}  // namespace

const Emulation& lambda_emulation() {
  static const LambdaEmulation emulation;
  return emulation;
}

}  // namespace ferry::platforms
