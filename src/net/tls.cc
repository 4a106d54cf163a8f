#include "net/tls.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include <fmt/format.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <sodium.h>

namespace ferry::net {
namespace {

// libsodium's generator needs no seed and no state of ours.
int draw(void* /*user*/, unsigned char* out, std::size_t size) {
  randombytes_buf(out, size);
  return 0;
}

int send_through(void* user, const unsigned char* bytes, std::size_t size) {
  const int sent = static_cast<TlsTransport*>(user)->send({bytes, size});
  if (sent == TlsTransport::kAgain) return MBEDTLS_ERR_SSL_WANT_WRITE;
  return sent < 0 ? MBEDTLS_ERR_NET_SEND_FAILED : sent;
}

int receive_through(void* user, unsigned char* room, std::size_t size) {
  const int received = static_cast<TlsTransport*>(user)->receive({room, size});
  if (received == TlsTransport::kAgain) return MBEDTLS_ERR_SSL_WANT_READ;
  return received < 0 ? MBEDTLS_ERR_NET_RECV_FAILED : received;
}

// Of the errors that a service can bring about. Mbed TLS has words for all, 18 KiB of them.
std::string words(int code) {
  switch (code) {
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
      return "the service refused the session (a fatal alert)";
    case MBEDTLS_ERR_SSL_INVALID_RECORD:
      return "the service does not speak TLS";
    case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
      return "the service does not speak TLS 1.2";
    case MBEDTLS_ERR_SSL_INVALID_MAC:
      return "a record was changed on its way";
    default:
      return fmt::format("Mbed TLS error -0x{:04X}", static_cast<unsigned>(-code));
  }
}

// "The certificate validity has expired", one of several reasons a line.
std::string certificate_problem(std::uint32_t flags) {
  std::array<char, 256> text{};
  const int size = mbedtls_x509_crt_verify_info(text.data(), text.size(), "", flags);
  std::string out(text.data(), static_cast<std::size_t>(std::max(size, 0)));
  while (out.ends_with('\n')) out.pop_back();
  std::ranges::replace(out, '\n', ';');
  return out;
}

}  // namespace

struct TrustStore::Parts {
  Parts() { mbedtls_x509_crt_init(&chain); }
  ~Parts() { mbedtls_x509_crt_free(&chain); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  mbedtls_x509_crt chain{};
};

TrustStore::TrustStore(const std::string& pem) : parts_(std::make_unique<Parts>()) {
  // Wants the text with its NUL. A positive answer counts those that could not be parsed.
  mbedtls_x509_crt_parse(&parts_->chain, reinterpret_cast<const unsigned char*>(pem.c_str()),
                         pem.size() + 1);
}

std::shared_ptr<const TrustStore> TrustStore::of(const std::string& pem) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const TrustStore>, std::less<>> stores;
  const std::lock_guard lock(mutex);
  if (const auto found = stores.find(pem); found != stores.end()) {
    if (auto store = found->second.lock()) return store;
  }
  std::erase_if(stores, [](const auto& each) { return each.second.expired(); });
  std::shared_ptr<const TrustStore> store(new TrustStore(pem));
  stores.insert_or_assign(pem, store);
  return store;
}

TrustStore::~TrustStore() = default;

struct TlsClient::Parts {
  Parts() {
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_init(&session);
  }
  ~Parts() {
    mbedtls_ssl_free(&session);
    mbedtls_ssl_config_free(&config);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  mbedtls_ssl_config config{};
  mbedtls_ssl_context session{};
  std::string protocol;
  std::array<const char*, 2> protocols{};  // as ALPN wants them, ended by a null
};

TlsClient::TlsClient() : parts_(std::make_unique<Parts>()) {}

TlsClient::~TlsClient() = default;

Result<std::unique_ptr<TlsClient>> TlsClient::make(const TrustStore& trusted,
                                                   const std::string& host, TlsTransport& transport,
                                                   const std::string& protocol) {
  std::unique_ptr<TlsClient> out(new TlsClient());
  mbedtls_ssl_config& config = out->parts_->config;
  mbedtls_ssl_context& session = out->parts_->session;
  int code = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_ca_chain(&config, &trusted.parts().chain, nullptr);
  mbedtls_ssl_conf_rng(&config, draw, nullptr);
  if (code == 0 && !protocol.empty()) {
    out->parts_->protocol = protocol;
    out->parts_->protocols[0] = out->parts_->protocol.c_str();
    code = mbedtls_ssl_conf_alpn_protocols(&config, out->parts_->protocols.data());
  }
  if (code == 0) code = mbedtls_ssl_setup(&session, &config);
  if (code == 0) code = mbedtls_ssl_set_hostname(&session, host.c_str());
  if (code != 0) return Error{Code::kInternal, fmt::format("TLS: {}", words(code)), ""};
  mbedtls_ssl_set_bio(&session, &transport, send_through, receive_through, nullptr);
  return out;
}

TlsState TlsClient::outcome(int code) {
  switch (code) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE:
      return TlsState::kAgain;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
      return TlsState::kClosed;
    case 0:
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_NET_SEND_FAILED:
    case MBEDTLS_ERR_NET_RECV_FAILED:
      error_ = "the connection ended";
      return TlsState::kTransport;
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
      error_ = certificate_problem(mbedtls_ssl_get_verify_result(&parts_->session));
      return TlsState::kBadCertificate;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
      error_ = words(code);
      return TlsState::kAlert;
    default:
      error_ = words(code);
      return TlsState::kProtocol;
  }
}

TlsState TlsClient::handshake() {
  const int code = mbedtls_ssl_handshake(&parts_->session);
  return code == 0 ? TlsState::kDone : outcome(code);
}

TlsState TlsClient::read(std::span<std::uint8_t> room, std::size_t& done) {
  done = 0;
  const int code = mbedtls_ssl_read(&parts_->session, room.data(), room.size());
  if (code <= 0) return outcome(code);
  done = static_cast<std::size_t>(code);
  return TlsState::kDone;
}

TlsState TlsClient::write(std::span<const std::uint8_t> bytes, std::size_t& done) {
  done = 0;
  const int code = mbedtls_ssl_write(&parts_->session, bytes.data(), bytes.size());
  if (code <= 0) return outcome(code);
  done = static_cast<std::size_t>(code);
  return TlsState::kDone;
}

void TlsClient::close() { mbedtls_ssl_close_notify(&parts_->session); }

bool TlsClient::has_pending() const { return mbedtls_ssl_get_bytes_avail(&parts_->session) > 0; }

}  // namespace ferry::net
