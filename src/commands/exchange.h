// What `ferry run` sends through a platform's emulator and adapter, and what comes back.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "emulators/emulator.h"
#include "event/event.h"

namespace ferry::commands {

// The platform's own input, as it would hand it over (Emulator::send_native).
struct NativeInput {
  std::string text;
};

// A client's HTTP request; the body is owned here.
struct ClientRequest {
  std::string method;
  std::string target;  // path and query
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

using Sent = std::variant<event::Event, NativeInput, ClientRequest>;

struct Exchange {
  platforms::Answer answer;             // what the platform's caller was answered
  std::vector<host::Outcome> outcomes;  // of the function; none where it was not asked
};

// "POST /orders?dry=1", "GET /", "/orders" (POST with a body, else GET) with "Name: value" lines.
// kUsage names what is wrong.
Result<ClientRequest> client_request(const std::string& line,
                                     const std::vector<std::string>& headers, std::string body);

// One exchange as it happens on the platform: its emulator, its adapter, the host. An error when
// the emulator and the adapter do not understand each other, or the platform has no such input.
Result<Exchange> exchange(const platforms::Emulation& emulation, host::Host& host,
                          const std::shared_ptr<host::Loaded>& function, const Sent& sent);

}  // namespace ferry::commands
