#include "platforms/lambda/runtime_api.h"

#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/bytes.h"
#include "platforms/lambda/replies.h"

namespace ferry::platforms::lambda {
namespace {

constexpr std::string_view kBase = "/2018-06-01";

}  // namespace

Result<RuntimeApi> RuntimeApi::at(const std::string& address, int stop_fd) {
  Error bad{Code::kUsage, fmt::format("'{}' is not an address of a Runtime API", address),
            "AWS_LAMBDA_RUNTIME_API is HOST:PORT, for example 127.0.0.1:9001"};
  std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return bad;
  }
  unsigned short port = 0;
  auto end = std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (end.ec != std::errc() || end.ptr != address.data() + address.size() || port == 0) {
    return bad;
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") {
    host = "127.0.0.1";
  }
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  if (inet_pton(AF_INET, host.c_str(), parsed.data()) != 1 &&
      inet_pton(AF_INET6, host.c_str(), parsed.data()) != 1) {
    return bad;
  }
  return RuntimeApi(address, RuntimeLine(host, port, stop_fd));
}

std::string RuntimeApi::head(std::string_view method, std::string_view path,
                             std::string_view fields) const {
  return fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n{}\r\n", method, kBase, path, address_,
                     fields);
}

Result<std::optional<http::ClientResponse>> RuntimeApi::next() {
  FERRY_TRY(auto response, line_.call(head("GET", "/runtime/invocation/next", ""), "", true));
  if (response && response->status != 200) {
    return Error{Code::kIo,
                 fmt::format("the Runtime API answered /next with {}: {}", response->status,
                             response->body.substr(0, 200)),
                 ""};
  }
  return response;
}

Result<int> RuntimeApi::post(std::string_view path, std::string_view fields,
                             std::string_view body) {
  const std::string all = fmt::format("{}Content-Type: application/json\r\nContent-Length: {}\r\n",
                                      fields, body.size());
  FERRY_TRY(auto response, line_.call(head("POST", path, all), body, false));
  if (!response) {
    return Error{Code::kIo, "the Runtime API did not answer before the end", ""};
  }
  return response->status;
}

Result<int> RuntimeApi::respond(std::string_view request_id, std::string_view body) {
  return post(fmt::format("/runtime/invocation/{}/response", request_id), "", body);
}

Result<int> RuntimeApi::stream(std::string_view request_id, const StreamedAnswer& answer) {
  const std::string fields = fmt::format(
      "Content-Type: {}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
      "Transfer-Encoding: chunked\r\n"
      "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n",
      answer.content_type);
  constexpr std::string_view kType = "Function.Timeout";
  const Report late = error_report(kType, "the deadline passed while the answer was being sent");
  const std::string trailers = fmt::format(
      "Lambda-Runtime-Function-Error-Type: {}\r\nLambda-Runtime-Function-Error-Body: {}\r\n", kType,
      to_base64(as_bytes(late.body)));
  FERRY_TRY(
      auto response,
      line_.stream(head("POST", fmt::format("/runtime/invocation/{}/response", request_id), fields),
                   {answer.body, answer.deadline, trailers}));
  return response.status;
}

Result<int> RuntimeApi::fail(std::string_view request_id, std::string_view type,
                             std::string_view body) {
  return post(fmt::format("/runtime/invocation/{}/error", request_id),
              fmt::format("Lambda-Runtime-Function-Error-Type: {}\r\n", type), body);
}

Result<int> RuntimeApi::fail_init(std::string_view type, std::string_view body) {
  return post("/runtime/init/error",
              fmt::format("Lambda-Runtime-Function-Error-Type: {}\r\n", type), body);
}

}  // namespace ferry::platforms::lambda
