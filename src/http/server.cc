#include "http/server.h"

#include "http/loop.h"

namespace ferry::http {

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::make(ServerOptions options, Service& service) {
  auto loop = std::make_unique<Loop>(std::move(options), service);
  FERRY_CHECK_OK(loop->start());
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

Status Server::listen(Fd listener) { return loop_->listen(std::move(listener)); }
Status Server::adopt(Fd connected) { return loop_->adopt(std::move(connected), {}); }
Status Server::run() { return loop_->run(); }
int Server::fd() const { return loop_->fd(); }
void Server::step() { loop_->step(); }
void Server::drain() { loop_->order(Loop::kDrain); }
void Server::stop() { loop_->order(Loop::kStop); }

}  // namespace ferry::http
