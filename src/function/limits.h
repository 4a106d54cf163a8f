// Limits: one model everywhere (docs/formats/manifest.md). A platform's own deadline, less a
// margin, wins when it is sooner.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ferry::function {

// Entries of all tables from the start. One bound for every engine: some would try to allocate
// any number of them.
inline constexpr std::uint64_t kMaxTableEntries = 1u << 20;

struct Limits {
  std::chrono::milliseconds timeout{10'000};  // wall time of one event, queueing left out
  std::uint64_t memory = 128ull << 20;        // bytes of linear memory
  std::uint64_t input = 6ull << 20;           // bytes of an event's data
  std::uint64_t output = 6ull << 20;          // bytes on stdout
  std::uint64_t log = 1ull << 20;             // bytes on stderr; what is past it is dropped
  std::optional<std::uint64_t> instructions;  // where the engine counts them
  std::uint32_t concurrency = 64;             // events of this function at once, a worker
  std::uint32_t open_files = 64;              // descriptors a guest may hold
  std::uint32_t connections = 16;             // of them, connections open at once
  std::uint64_t network_bytes = 64ull << 20;  // over the network in one event, both ways together
  std::chrono::milliseconds connect_timeout{5'000};  // for a look-up, and for a connection
};

}  // namespace ferry::function
