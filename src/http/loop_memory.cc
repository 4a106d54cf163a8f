// What connections hold: heads and bodies that arrive, answers that their peers have not taken yet.
// All together stay within ServerOptions::max_held.
#include <algorithm>
#include <unordered_map>

#include <malloc.h>

#include "http/loop.h"

namespace ferry::http {
namespace {

// Once the bound is passed, connections are closed until this part of it is held, so that looking
// at all of them is not needed again at once.
constexpr std::uint64_t kPartLeft = 7;
constexpr std::uint64_t kOfParts = 8;
constexpr std::size_t kHardlyAnything = 8u << 10;

}  // namespace

void Server::Loop::account(Connection& connection) {
  const std::size_t held = connection.held_now();
  if (held == connection.held) return;
  held_ += held;
  held_ -= connection.held;
  connection.held = held;
  counters_.held.store(held_, std::memory_order_relaxed);
}

// False: the connection was refused or closed.
bool Server::Loop::keep_within_memory(Connection& connection) {
  account(connection);
  if (held_ <= options_.max_held) return true;
  shed();
  if (connection.closed || connection.closing) return false;
  if (held_ <= options_.max_held || connection.reader.state() != Reader::State::kBody) return true;
  refuse(connection, {503, "too many large requests at once"});
  account(connection);
  add_to_do(connection);
  return false;
}

// Takes from the peer that holds the most, the longest idle first, until enough is
// given back. What a guest works on is left alone, and so is what holds hardly anything.
void Server::Loop::shed() {
  std::unordered_map<std::string_view, std::uint64_t> by_peer;
  std::vector<Connection*> all;
  for (Connection* connection : connections_) {
    if (connection->busy || connection->lingering || connection->held < kHardlyAnything) continue;
    by_peer[connection->host()] += connection->held;
    all.push_back(connection);
  }
  std::ranges::stable_sort(all, [&](const Connection* a, const Connection* b) {
    const std::uint64_t of_a = by_peer[a->host()];
    const std::uint64_t of_b = by_peer[b->host()];
    return of_a != of_b ? of_a > of_b : a->since < b->since;
  });
  for (Connection* connection : all) {
    if (held_ <= options_.max_held / kOfParts * kPartLeft) return;
    counters_.shed.fetch_add(1, std::memory_order_relaxed);
    if (connection->waiting) stop_waiting(*connection);
    if (connection->pending() || connection->reader.state() == Reader::State::kIdle) {
      close(*connection);  // it may have the beginning of an answer: it cannot be given another
    } else {
      refuse(*connection, {503, "too many large requests at once"});
      account(*connection);
      add_to_do(*connection);
    }
  }
}

// The peer with most of the connections, of a server that takes no more.
std::string_view Server::Loop::greedy_peer() const {
  std::unordered_map<std::string_view, std::size_t> by_peer;
  std::string_view most;
  for (const Connection* connection : connections_) {
    const std::size_t count = ++by_peer[connection->host()];
    if (most.empty() || count > by_peer[most]) most = connection->host();
  }
  return most;
}

// To the kernel: the allocator keeps what a busy time took.
void Server::Loop::give_memory_back() const { malloc_trim(0); }

}  // namespace ferry::http
