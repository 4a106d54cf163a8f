// What a guest may use of the network, and what it did there. Without a NetworkAccess in its Setup
// every call that would reach out is denied, with what would grant it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/network.h"
#include "net/policy.h"

namespace ferry::wasi {

// Made once for a function and shared by all its events: constant while they run.
struct NetworkAccess {
  net::Policy policy;
  net::Network* network = nullptr;    // borrowed
  std::uint32_t connections = 16;     // open at once
  std::uint64_t bytes = 64ull << 20;  // of one event, both ways together
  std::chrono::milliseconds connect_timeout{5000};
  std::string ca_bundle;  // PEM; empty: none was found
};

// Connections that one event may begin, for each that it may have open: a guest that connects in a
// loop must not become a flood.
inline constexpr std::uint32_t kAttemptsPerConnection = 16;

// Where a guest finds the certificates it may trust, and what environment variable says so.
inline constexpr char kCaFolderPath[] = "/etc/ssl/certs";
inline constexpr char kCaName[] = "ca-certificates.crt";
inline constexpr char kCaVariable[] = "SSL_CERT_FILE";

// One connection of an event, as it appears in the log: never what went over it.
struct ConnectionRecord {
  std::string name;  // that was looked up, or empty
  net::Endpoint peer;
  WallTime began;
  std::chrono::microseconds lasted{};
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::string error;  // why it was not made, or empty
};

}  // namespace ferry::wasi
