// Plain HTTP requests and CloudEvents (binary, structured, batched) → Event → Outcome → reply.
// With one function every path is its; with several, /NAME and what is below it.
// docs/serve.md says what is answered when. Platforms that hand plain HTTP on to us derive from it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "platforms/http_calls.h"

namespace ferry::platforms {

const Platform& http_platform();

class HttpAdapter : public http::Service {
 public:
  // `health`: paths that the platform asks after us on; a GET there takes no function.
  explicit HttpAdapter(AdapterContext context, std::span<const std::string_view> health = {});

  int lane(const http::Request& request) override;
  void handle(const http::Request& request, http::Response& response) override;
  void overloaded(const http::Request& request, http::Response& response) override;
  void before_wait() override;
  void tidy() override;

 protected:
  // What the platform knows of a request beyond what it says of itself.
  virtual void prepare(const http::Request& request, HttpCall& call);
  // Where functions' names begin.
  virtual std::string_view path_of(const http::Request& request) const;
  // Where the function's own paths begin in `path`; without effect where it does not begin so.
  virtual std::string mount_of(std::string_view path, std::size_t function) const;

  const AdapterContext& context() const { return context_; }
  const HttpCalls& calls() const { return calls_; }

 private:
  bool is_health(const http::Request& request) const;
  void answer_unknown(http::Response& response);

  AdapterContext context_;
  std::span<const std::string_view> health_;
  HttpCalls calls_;
  std::map<std::string, int, std::less<>> by_name_;  // the place among calls_.of()
};

}  // namespace ferry::platforms
