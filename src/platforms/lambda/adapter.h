// One Lambda invocation → events → outcomes → its answer, as the Runtime API takes it: a response,
// or an error with its type. Thread-safe.
#pragma once

#include <memory>
#include <optional>

#include "platforms/http_calls.h"
#include "platforms/lambda/events.h"
#include "platforms/lambda/replies.h"
#include "platforms/lambda/rows.h"

namespace ferry::platforms {

const Platform& lambda_platform();

namespace lambda {

// Attributes of a delivery: the Runtime API's names for what it says beside the payload (AWS Lambda
// developer guide, "Using the Lambda runtime API"), in lower case.
inline constexpr char kRequestId[] = "lambda-runtime-aws-request-id";
inline constexpr char kDeadline[] = "lambda-runtime-deadline-ms";
inline constexpr char kFunctionArn[] = "lambda-runtime-invoked-function-arn";
inline constexpr char kTraceId[] = "lambda-runtime-trace-id";

struct AdapterOptions {
  std::size_t function = 0;  // which of the context's is meant (_HANDLER names it)
  std::optional<bool> streaming =
      {};  // whether answers are streamed; nothing: as its manifest says
};

class LambdaAdapter final : public serve::DeliveryHandler {
 public:
  // kInvalid: what the manifest says of Lambda can't be.
  static Result<std::unique_ptr<LambdaAdapter>> make(AdapterContext context,
                                                     const AdapterOptions& options);

  serve::Answer answer(const serve::Delivery& delivery) override;

 private:
  struct Call;

  LambdaAdapter(AdapterContext context, const AdapterOptions& options,
                std::shared_ptr<const Settings> settings, std::vector<Row> rows);

  bool over(const Call& call) const;
  host::Outcome too_late(const Call& call) const;
  Report report_on(Call& call, std::string_view payload);
  Report answer_http(const Call& call, Input input);
  std::vector<host::Outcome> run_in_order(const Call& call, const Input& input);
  std::vector<host::Outcome> run_at_once(const Call& call, const Input& input);
  host::Outcome run_one(const Call& call, const Item& item);

  AdapterContext context_;
  HttpCalls calls_;
  std::size_t function_;
  std::shared_ptr<const Settings> settings_;
  std::vector<Row> rows_;  // borrows from settings_
  bool streaming_;
};

// The function that _HANDLER names; the only one, whatever it names. kUsage lists the names.
Result<std::size_t> function_of(const AdapterContext& context, std::string_view handler);

// When the function has to be done: the deadline less what answering takes, a tenth of the time
// left and at most 200 ms. Nothing when `epoch_ms` is not a number.
std::optional<Monotonic> deadline_of(std::string_view epoch_ms, const Clock& clock);

}  // namespace lambda
}  // namespace ferry::platforms
