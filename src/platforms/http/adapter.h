// Plain HTTP requests and CloudEvents (binary, structured, batched) → Event → Outcome → reply.
// With one function every path is its; with several, /NAME and what is below it.
// docs/serve.md says what is answered when.
#pragma once

#include "platforms/http_calls.h"

namespace ferry::platforms {

class HttpAdapter final : public http::Service {
 public:
  explicit HttpAdapter(AdapterContext context);

  int lane(const http::Request& request) override;
  void handle(const http::Request& request, http::Response& response) override;
  void overloaded(const http::Request& request, http::Response& response) override;
  void before_wait() override;
  void tidy() override;

 private:
  void answer_unknown(http::Response& response);

  AdapterContext context_;
  HttpCalls calls_;
};

}  // namespace ferry::platforms
