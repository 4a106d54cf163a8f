// The admin address: /livez, /readyz, /metrics. Served by the supervisor, on its own thread.
#pragma once

#include <functional>

#include "http/message.h"
#include "serve/board.h"

namespace ferry::serve {

class Admin final : public http::Service {
 public:
  // Both borrowed; `census` is asked for each request.
  Admin(const Board& board, std::function<Census()> census)
      : board_(board), census_(std::move(census)) {}
  int lane(const http::Request& /*request*/) override { return kNoLane; }
  void handle(const http::Request& request, http::Response& response) override;

 private:
  const Board& board_;
  std::function<Census()> census_;
};

}  // namespace ferry::serve
