// A real OpenWhisk in the emulator's place: its REST API (docs/rest_api.md there, "Activations").
#include <fmt/format.h>

#include "event/json.h"
#include "event/json_text.h"
#include "platforms/openwhisk/emulator/emulator.h"
#include "platforms/openwhisk/emulator/observed.h"
#include "platforms/openwhisk/message.h"

namespace ferry::platforms::openwhisk {
namespace {

Result<std::string> member(std::string_view object, std::string_view name) {
  FERRY_TRY(const Members members, read_members(object));
  const std::string_view* value = find(members, name);
  if (value == nullptr) {
    return Error{Code::kInvalid,
                 fmt::format("the activation has no '{}': {}", name, object.substr(0, 500)), ""};
  }
  return std::string(*value);
}

class Remote final : public Emulator {
 public:
  explicit Remote(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}

  // The activation's result, with 200; what OpenWhisk itself says, with its status.
  Result<Answer> send_native(std::string_view input) override {
    WireRequest request;
    request.path = "?blocking=true&result=false";
    request.fields = {{"Content-Type", "application/json"}};
    request.body = input;
    FERRY_TRY(Answer answer, wire_->exchange(request));
    // 502: the activation ended with an error, and the record says which.
    if (answer.status != 200 && answer.status != 502) {
      return Error{
          Code::kInvalid,
          fmt::format("OpenWhisk answered {}: {}", answer.status, answer.body.substr(0, 500)),
          answer.status == 401 ? "set OPENWHISK_AUTH to USER:KEY" : ""};
    }
    FERRY_TRY(const std::string response, member(answer.body, "response"));
    FERRY_TRY(answer.body, member(response, "result"));
    answer.status = 200;
    answer.fields = {{"content-type", "application/json"}};
    return answer;
  }

  Result<Answer> send_request(const WireRequest& request) override {
    FERRY_TRY(const Answer answer, send_native(web_argument(request)));
    return web_answer_of(answer.body);
  }

  Result<Answer> send(const event::Event& event) override {
    FERRY_TRY(const std::string value, event::to_json(event));
    return send_native(value);
  }

  Result<Observed> observe(const event::Event& event) override {
    FERRY_TRY(const Answer answer, send(event));
    FERRY_TRY(Observed observed, observed_result(answer.body));
    observed.json_rewritten = true;
    return observed;
  }

 private:
  std::unique_ptr<Wire> wire_;
};

}  // namespace

Result<std::unique_ptr<Emulator>> make_remote_openwhisk(std::unique_ptr<Wire> wire) {
  return std::unique_ptr<Emulator>(std::make_unique<Remote>(std::move(wire)));
}

}  // namespace ferry::platforms::openwhisk
