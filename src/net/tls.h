// TLS for connections that the host makes in a guest's place: the client side of TLS 1.2 by Mbed
// TLS. Guests that bring their own TLS never come here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::net {

// Certificates to trust, parsed. Constant; any thread may use it at any time.
class TrustStore {
 public:
  // PEM; what isn't a certificate in it is left out. Parsed once for all who hold the same: a
  // machine's certificates take milliseconds and half a megabyte. Any thread.
  static std::shared_ptr<const TrustStore> of(const std::string& pem);
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  struct Parts;
  Parts& parts() const { return *parts_; }

 private:
  explicit TrustStore(const std::string& pem);
  std::unique_ptr<Parts> parts_;
};

// What carries the encrypted bytes. Neither call waits.
class TlsTransport {
 public:
  static constexpr int kAgain = -1;
  static constexpr int kFailed = -2;
  virtual ~TlsTransport() = default;
  // How many bytes were moved (0 from receive: the end of the stream), kAgain or kFailed.
  virtual int send(std::span<const std::uint8_t> bytes) = 0;
  virtual int receive(std::span<std::uint8_t> room) = 0;
};

enum class TlsState : unsigned char {
  kDone,
  kAgain,           // the transport has to be ready first
  kClosed,          // the peer ended the session
  kTransport,       // the transport failed, or ended without the session's end
  kBadCertificate,  // not trusted, expired, or of another name
  kAlert,           // the peer refused
  kProtocol,        // anything else
};

// One session; one thread at a time.
class TlsClient {
 public:
  // To `host`, a name or an address, which the certificate must be for. All but the name is
  // borrowed for its life. The clock of the machine says whether a certificate is valid.
  // `protocol` is the one that is offered (RFC 7301); empty: none.
  static Result<std::unique_ptr<TlsClient>> make(const TrustStore& trusted, const std::string& host,
                                                 TlsTransport& transport,
                                                 const std::string& protocol = "http/1.1");
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  TlsState handshake();
  // `done`: how many bytes were moved, with kDone at least one.
  TlsState read(std::span<std::uint8_t> room, std::size_t& done);
  // After kAgain the same bytes have to be given again.
  TlsState write(std::span<const std::uint8_t> bytes, std::size_t& done);
  void close();  // tells the peer, without waiting
  // Whether decrypted bytes are there that no poll of the transport reports.
  bool has_pending() const;
  // Why the last call failed, in words.
  const std::string& error() const { return error_; }

 private:
  struct Parts;
  TlsClient();
  TlsState outcome(int code);

  std::unique_ptr<Parts> parts_;
  std::string error_;
};

}  // namespace ferry::net
