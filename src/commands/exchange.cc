#include "commands/exchange.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include "emulators/request_text.h"
#include "http/head.h"
#include "http/message.h"

namespace ferry::commands {
namespace {

struct Send {
  platforms::Emulator& emulator;

  Result<platforms::Answer> operator()(const event::Event& event) const {
    return emulator.send(event);
  }
  Result<platforms::Answer> operator()(const NativeInput& input) const {
    return emulator.send_native(input.text);
  }
  Result<platforms::Answer> operator()(const ClientRequest& request) const {
    platforms::WireRequest wire;
    wire.method = request.method;
    wire.path = request.target;
    wire.fields = request.fields;
    wire.body = request.body;
    return emulator.send_request(wire);
  }
};

}  // namespace

Result<ClientRequest> client_request(const std::string& line,
                                     const std::vector<std::string>& headers, std::string body) {
  constexpr char kAs[] = "for example --request 'POST /orders?dry=1'";
  ClientRequest request;
  const std::size_t space = line.find(' ');
  if (space == std::string::npos) {
    request.method = body.empty() ? "GET" : "POST";
    request.target = line;
  } else {
    request.method = line.substr(0, space);
    request.target = line.substr(space + 1);
  }
  const bool printable =
      std::ranges::all_of(request.target, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!http::is_token(request.method) || !request.target.starts_with('/') || !printable) {
    return Error{Code::kUsage, fmt::format("--request '{}' is not METHOD /PATH", line), kAs};
  }
  for (const std::string& header : headers) {
    auto field = platforms::parse_field(header, "--header");
    if (!field.ok()) {
      return Error{Code::kUsage, field.error().message, field.error().hint};
    }
    request.fields.push_back(*std::move(field));
  }
  request.body = std::move(body);
  return request;
}

Result<Exchange> exchange(const platforms::Emulation& emulation, host::Host& host,
                          const std::shared_ptr<host::Loaded>& function, const Sent& sent) {
  std::mutex mutex;
  Exchange out;  // filled by threads of the emulator
  platforms::AdapterContext context{host, {function}, system_clock(), system_random()};
  context.observe = [&](std::size_t, const host::Outcome& outcome, Nanoseconds) {
    const std::lock_guard lock(mutex);
    out.outcomes.push_back(outcome);
  };
  FERRY_TRY(auto adapter, emulation.platform().make_adapter(std::move(context)));
  FERRY_TRY(auto emulator, emulation.make_emulator(adapter, {nullptr,
                                                             {host::manifest_of(*function).limits},
                                                             host::name_of(*function)}));
  auto answer = std::visit(Send{*emulator}, sent);
  if (!answer.ok()) {
    return with_context(std::move(answer).error(), emulation.platform().name());
  }
  const std::lock_guard lock(mutex);
  out.answer = *std::move(answer);
  return out;
}

}  // namespace ferry::commands
