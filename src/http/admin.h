// The admin address: /livez, /readyz, /metrics. Served by the supervisor, on its own thread.
#pragma once

#include <functional>

#include "http/board.h"
#include "http/message.h"

namespace ferry::http {

class Admin final : public Service {
 public:
  // Both borrowed; `census` is asked for each request.
  Admin(const Board& board, std::function<Census()> census)
      : board_(board), census_(std::move(census)) {}
  int lane(const Request& /*request*/) override { return kNoLane; }
  void handle(const Request& request, Response& response) override;

 private:
  const Board& board_;
  std::function<Census()> census_;
};

}  // namespace ferry::http
