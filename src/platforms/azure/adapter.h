// The custom handler's side of Azure Functions: HTTP requests as the host forwards them, and the
// messages of all other triggers. docs/azure.md says what is answered when.
#pragma once

#include "platforms/azure/message.h"
#include "platforms/http/adapter.h"

namespace ferry::platforms {

const Platform& azure_platform();

namespace azure {

inline constexpr char kInvocationHeader[] = "X-Azure-Functions-InvocationId";

class AzureAdapter final : public HttpAdapter {
 public:
  explicit AzureAdapter(AdapterContext context);

  int lane(const http::Request& request) override;
  void handle(const http::Request& request, http::Response& response) override;

 protected:
  void prepare(const http::Request& request, HttpCall& call) override;
  // Behind the route prefix, "api" unless host.json says otherwise.
  std::string_view path_of(const http::Request& request) const override;
  // The route that a function has unless its function.json says otherwise.
  std::string mount_of(std::string_view path, std::size_t function) const override;

 private:
  void handle_trigger(std::size_t function, const Message& message, const http::Request& request,
                      http::Response& response);
  void handle_request(std::size_t function, TriggerRequest trigger, const http::Request& request,
                      http::Response& response);

  AdapterContext silent_;
};

}  // namespace azure
}  // namespace ferry::platforms
