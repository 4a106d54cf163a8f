// The platform "jsonl": events as lines of JSON on standard input, outcomes as lines of JSON on
// standard output. For pipes: dumps of queues, consumers such as kcat, batches.
#pragma once

#include "platforms/http_calls.h"
#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& jsonl_platform();

namespace jsonl {

// One line → event → outcome → one line. Thread-safe.
class JsonlAdapter final : public serve::DeliveryHandler {
 public:
  // For the context's only function.
  explicit JsonlAdapter(AdapterContext context);
  serve::Answer answer(const serve::Delivery& delivery) override;

 private:
  AdapterContext context_;
  HttpCalls calls_;
};

}  // namespace jsonl
}  // namespace ferry::platforms
