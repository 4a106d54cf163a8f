#include "platforms/round_trip.h"

#include <array>
#include <cerrno>
#include <thread>

#include <sys/socket.h>

#include "http/client.h"
#include "http/server.h"

namespace ferry::platforms {

Result<Answer> round_trip(http::Service& adapter, std::string_view request) {
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
  FERRY_TRY(auto server, http::Server::make(std::move(options), adapter));
  FERRY_CHECK_OK(server->adopt(std::move(theirs)));
  server->drain();
  std::thread thread([&] { server->run(); });
  auto response = http::exchange(mine.get(), request);
  mine.reset();
  thread.join();
  if (!response.ok()) {
    return std::move(response).error();
  }
  return Answer{response->status, std::move(response->fields), std::move(response->body)};
}

}  // namespace ferry::platforms
