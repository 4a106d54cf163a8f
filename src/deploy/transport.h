// One HTTP request to a platform's API, and its answer: what `ferry deploy` and `ferry pack --push`
// send things with. The real one is libcurl; tests pass one of their own.
//
// Blocking; one thread at a time for each transport. Nothing is followed or retried here: a
// redirect could carry credentials to somebody else, and what may be repeated only the caller
// knows.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace ferry::deploy {

using Fields = std::vector<std::pair<std::string, std::string>>;

// AWS Signature Version 4, which libcurl makes.
struct AwsSignature {
  std::string region;
  std::string service;
  std::string key_id;
  std::string secret;
};

struct Request {
  std::string method = "GET";
  std::string url;  // absolute, http or https
  Fields fields;    // "Authorization" among them is never shown
  ByteView body;    // borrowed; an empty one is sent for PUT, POST and PATCH only
  std::optional<AwsSignature> aws = {};
  std::uint64_t max_answer = 16u << 20;  // bytes of body taken; more is kLimit
};

struct Response {
  int status = 0;
  Fields fields;  // lower-case names
  std::string body;

  // The first of that name (lower case), or empty.
  std::string_view field(std::string_view name) const;
};

struct TransportOptions {
  std::string ca_file;    // empty: $SSL_CERT_FILE, else the system's
  bool insecure = false;  // any certificate
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{60};  // without a byte in either direction
};

class Transport {
 public:
  virtual ~Transport() = default;
  // An answer of any status is a value. kIo: not reached, or cut off; kDenied: the certificate is
  // not trusted; kLimit: too long an answer; kNotFound: there is no libcurl.
  virtual Result<Response> send(const Request& request) = 0;
};

Result<std::unique_ptr<Transport>> make_transport(const TransportOptions& options);

// For --dry-run: method, URL, fields and the size of the body. What proves who we are is left out.
std::string describe(const Request& request);

// RFC 3986: everything but unreserved characters is percent-encoded.
std::string encode_segment(std::string_view text);

// A URL's host, lower case, without user, port or brackets; empty when it has none.
std::string host_of(std::string_view url);
// Whether that names this machine: localhost, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

// The first `limit` bytes of a text from outside, without control characters: fit for a terminal.
std::string shown(std::string_view text, std::size_t limit = 300);

}  // namespace ferry::deploy
