// Plain HTTP requests and CloudEvents (binary, structured, batched) → Event → Outcome → reply.
// With one function every path is its; with several, /NAME and what is below it.
// docs/serve.md says what is answered when.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

class HttpAdapter final : public http::Service {
 public:
  explicit HttpAdapter(AdapterContext context);

  int lane(const http::Request& request) override;
  void handle(const http::Request& request, http::Response& response) override;
  void overloaded(const http::Request& request, http::Response& response) override;

 private:
  host::Outcome invoke(int function, const event::Event& event, const http::Request& request);
  void handle_batch(int function, const std::vector<event::Event>& batch,
                    const http::Request& request, http::Response& response);
  void answer(int function, host::Outcome outcome, bool structured, http::Response& response);
  void answer_unknown(http::Response& response);

  AdapterContext context_;
  std::vector<host::OutcomeOf> of_;  // by function
};

}  // namespace ferry::platforms
