// One HTTP exchange at a time, on the side of a platform's caller: with our own front on a
// loopback port, or with a real platform somewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "http/server.h"

namespace ferry::platforms {

// What the platform's side was answered, in HTTP's terms.
struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // lower-case names
  std::string body;

  // The first field of that name (lower case); empty if there is none.
  std::string_view field(std::string_view name) const;
};

struct WireRequest {
  std::string_view method = "POST";
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> fields = {};  // but Host and framing
  std::string_view body = {};
  bool chunked = false;  // the body goes in chunks, as callers send it that don't know its size
};

class Wire {
 public:
  virtual ~Wire() = default;
  virtual Result<Answer> exchange(const WireRequest& request) = 0;
};

// A front of our own, as `options` sets it up, on a port of 127.0.0.1 until this goes. `adapter`
// is borrowed.
Result<std::unique_ptr<Wire>> make_loopback(http::Service& adapter, http::ServerOptions options);

// Somebody else's server: `connect` makes a connection for each exchange, `authority` is its Host,
// `base` is put before each path, `fields` are sent with each request.
struct RemoteWire {
  std::function<Result<Fd>()> connect;
  std::string authority;
  std::string base;
  std::vector<std::pair<std::string, std::string>> fields = {};
};
std::unique_ptr<Wire> make_remote_wire(RemoteWire remote);

}  // namespace ferry::platforms
