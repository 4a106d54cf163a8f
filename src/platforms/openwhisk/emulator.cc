#include "platforms/openwhisk/emulator.h"

#include <array>
#include <cerrno>
#include <thread>

#include <fmt/format.h>
#include <sys/socket.h>

#include "base/ids.h"
#include "event/json.h"
#include "event/json_text.h"
#include "http/client.h"
#include "http/server.h"
#include "platforms/openwhisk/message.h"

namespace ferry::platforms::openwhisk {
namespace {

// What a user's action may run by default (whisk.time-limit.std).
constexpr std::chrono::seconds kTimeLimit{60};

Result<std::string> text_at(const Members& members, std::string_view name) {
  const std::string_view* value = find(members, name);
  if (value == nullptr || event::kind_of(*value) != event::JsonKind::kString) {
    return Error{Code::kInvalid, fmt::format("the answer's {} is no string", name), ""};
  }
  return event::decode_json_string(*value);
}

// {"status": N} of a problem; 500 where it says none.
int status_in(std::string_view problem) {
  auto members = read_members(problem);
  const std::string_view* status = members.ok() ? find(*members, "status") : nullptr;
  int out = 0;
  for (char c : status == nullptr ? std::string_view() : *status) {
    out = c >= '0' && c <= '9' && out < 1000 ? out * 10 + (c - '0') : 1000;
  }
  return out >= 400 && out <= 599 ? out : 500;
}

}  // namespace

Result<Answer> unwrapped(Answer answer) {
  auto members = read_members(answer.body);
  if (!members.ok()) {
    return answer;  // an array, or nothing that we wrote
  }
  if (const std::string_view* error = find(*members, "error");
      error != nullptr && members->size() == 1) {
    if (answer.status == 200) {
      answer.status = status_in(*error);
    }
    answer.fields = {{"content-type", "application/problem+json"}};
    answer.body = std::string(*error);
    return answer;
  }
  if (find(*members, "datacontenttype") == nullptr || members->size() != 2) {
    return answer;
  }
  FERRY_TRY(std::string type, text_at(*members, "datacontenttype"));
  if (find(*members, "data_base64") != nullptr) {
    FERRY_TRY(const std::string text, text_at(*members, "data_base64"));
    FERRY_TRY(answer.body, from_base64(text));
  } else if (find(*members, "data") != nullptr) {
    FERRY_TRY(answer.body, text_at(*members, "data"));
  } else {
    return answer;
  }
  answer.fields = {{"content-type", std::move(type)}};
  return answer;
}

Result<Answer> OpenWhiskEmulator::post(const std::string& path, std::string_view body) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return errno_error("make a socket pair", errno);
  }
  Fd mine(pair[0]);
  Fd theirs(pair[1]);
  http::ServerOptions options;
  options.lanes = {{1}};
  options.reader.body = 1ull << 30;
  options.max_held = 4ull << 30;
  FERRY_TRY(auto server, http::Server::make(std::move(options), adapter_));
  FERRY_CHECK_OK(server->adopt(std::move(theirs)));
  server->drain();
  std::thread thread([&] { server->run(); });
  std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: emulator\r\nConnection: close\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
      path, body.size());
  request += body;
  auto response = http::exchange(mine.get(), request);
  mine.reset();
  thread.join();
  if (!response.ok()) {
    return std::move(response).error();
  }
  return Answer{response->status, std::move(response->fields), std::move(response->body)};
}

Result<Answer> OpenWhiskEmulator::send(const event::Event& event) {
  if (!initialized_) {
    FERRY_TRY(
        Answer answer,
        post("/init", R"({"value":{"name":"function","main":"main","binary":true,"env":{}}})"));
    if (answer.status != 200) {
      return answer;
    }
    initialized_ = true;
  }
  FERRY_TRY(const std::string value, event::to_json(event));
  const auto deadline =
      std::chrono::floor<std::chrono::milliseconds>(system_clock().wall() + kTimeLimit);
  FERRY_TRY(Answer answer,
            post("/run", fmt::format(R"({{"value":{},"namespace":"guest",)"
                                     R"("action_name":"/guest/function","action_version":"0.0.1",)"
                                     R"("activation_id":"{}","transaction_id":"emulator",)"
                                     R"("deadline":"{}"}})",
                                     value, uuid_v7(system_clock(), system_random()),
                                     deadline.time_since_epoch().count())));
  return unwrapped(std::move(answer));
}

}  // namespace ferry::platforms::openwhisk
