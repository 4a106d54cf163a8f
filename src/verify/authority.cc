#include "verify/authority.h"

#include <array>
#include <map>
#include <mutex>
#include <vector>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509.h>
#include <sodium.h>

#include "base/digest.h"
#include "base/seeded.h"
#include "net/address.h"
#include "verify/identity.h"

namespace ferry::verify {
namespace {

constexpr char kName[] = "CN=ferry verify authority";
constexpr char kLeafName[] = "CN=upstream of a case";
// Around the dates of SeededClock and of any machine.
constexpr char kFrom[] = "20000101000000";
constexpr char kUntil[] = "20991231235959";
constexpr std::size_t kMostPem = 4096;

int draw_seeded(void* user, unsigned char* out, std::size_t size) {
  static_cast<SeededRandom*>(user)->fill({out, size});
  return 0;
}

void append_length(std::string& out, std::size_t length) {
  if (length > 0xFF) {  // two bytes follow: no name has more than 253 characters
    out += '\x82';
    out += static_cast<char>(length >> 8);
  } else if (length > 0x7F) {
    out += '\x81';
  }
  out += static_cast<char>(length);
}

// SubjectAltName (RFC 5280, 4.2.1.6), DER.
std::string alternative_name(const std::string& host) {
  constexpr char kSequence = 0x30;
  constexpr char kDnsName = '\x82';
  constexpr char kIpAddress = '\x87';
  constexpr std::size_t kV4Size = 4;
  constexpr std::size_t kV6Size = 16;
  std::string entries;
  const auto add = [&entries](char kind, std::string_view name) {
    entries += kind;
    append_length(entries, name.size());
    entries += name;
  };
  // "localhost" stands for the addresses of loopback as well.
  const auto address = net::parse_address(host == "localhost" ? "127.0.0.1" : host);
  if (address) {
    add(kIpAddress,
        {reinterpret_cast<const char*>(address->bytes.data()), address->v6 ? kV6Size : kV4Size});
  }
  if (!address || host == "localhost") add(kDnsName, host);
  std::string out(1, kSequence);
  append_length(out, entries.size());
  return out + entries;
}

}  // namespace

// Not in the namespace above: Parts has two.
struct AuthorityKey {
  explicit AuthorityKey(std::uint64_t seed) : random(seed) {
    mbedtls_pk_init(&key);
    if (mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0) {
      mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), draw_seeded, &random);
    }
  }
  ~AuthorityKey() { mbedtls_pk_free(&key); }
  AuthorityKey(const AuthorityKey&) = delete;
  AuthorityKey& operator=(const AuthorityKey&) = delete;

  SeededRandom random;
  mbedtls_pk_context key{};
};

namespace {

// PEM; empty where Mbed TLS would not. `host` is empty for the authority's own.
std::string certify(AuthorityKey& issuer, AuthorityKey& subject, const std::string& host) {
  mbedtls_x509write_cert writer;
  mbedtls_x509write_crt_init(&writer);
  mbedtls_mpi serial;
  mbedtls_mpi_init(&serial);
  const Sha256 digest = sha256(as_bytes(host));
  std::array<unsigned char, kMostPem> pem{};
  const bool authority = host.empty();
  mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_issuer_key(&writer, &issuer.key);
  mbedtls_x509write_crt_set_subject_key(&writer, &subject.key);
  constexpr std::size_t kSerial = 8;
  int code = mbedtls_mpi_read_binary(&serial, digest.data(), kSerial);
  const auto then = [&code](auto&& step) {
    if (code == 0) code = step();
  };
  then([&] { return mbedtls_x509write_crt_set_serial(&writer, &serial); });
  then([&] { return mbedtls_x509write_crt_set_validity(&writer, kFrom, kUntil); });
  then([&] { return mbedtls_x509write_crt_set_issuer_name(&writer, kName); });
  then([&] {
    return mbedtls_x509write_crt_set_subject_name(&writer, authority ? kName : kLeafName);
  });
  then([&] { return mbedtls_x509write_crt_set_basic_constraints(&writer, authority ? 1 : 0, -1); });
  then([&] { return mbedtls_x509write_crt_set_subject_key_identifier(&writer); });
  then([&] { return mbedtls_x509write_crt_set_authority_key_identifier(&writer); });
  if (authority) {
    then([&] {
      return mbedtls_x509write_crt_set_key_usage(&writer, MBEDTLS_X509_KU_KEY_CERT_SIGN);
    });
  } else {
    const std::string name = alternative_name(host);
    then([&] {
      return mbedtls_x509write_crt_set_extension(
          &writer, MBEDTLS_OID_SUBJECT_ALT_NAME, MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0,
          reinterpret_cast<const unsigned char*>(name.data()), name.size());
    });
  }
  then([&] {
    return mbedtls_x509write_crt_pem(&writer, pem.data(), pem.size(), draw_for_tls, nullptr);
  });
  mbedtls_mpi_free(&serial);
  mbedtls_x509write_crt_free(&writer);
  return code == 0 ? std::string(reinterpret_cast<const char*>(pem.data())) : std::string();
}

}  // namespace

int draw_for_tls(void* /*user*/, unsigned char* out, std::size_t size) {
  randombytes_buf(out, size);
  return 0;
}

struct Authority::Parts {
  Parts() {
    const int size = mbedtls_pk_write_key_der(&leaf.key, room.data(), room.size());
    if (size > 0) key.assign(room.end() - size, room.end());  // it writes from the end
  }

  AuthorityKey own{1};
  AuthorityKey leaf{2};  // of all identities
  const std::string certificate = certify(own, own, "");
  std::array<unsigned char, 256> room{};
  std::vector<unsigned char> key;                          // leaf, DER
  std::mutex mutex;                                        // of the rest
  std::map<std::string, std::string, std::less<>> issued;  // PEM, by host
};

Authority::Authority() : parts_(std::make_unique<Parts>()) {}

Authority::~Authority() = default;

const std::string& Authority::certificate() const { return parts_->certificate; }

std::unique_ptr<Authority::Identity> Authority::identity_of(const std::string& host) {
  auto out = std::make_unique<Identity>();
  const std::lock_guard lock(parts_->mutex);
  std::string& pem = parts_->issued[host];
  if (pem.empty()) pem = certify(parts_->own, parts_->leaf, host);
  // Wants the text with its NUL.
  mbedtls_x509_crt_parse(&out->certificate, reinterpret_cast<const unsigned char*>(pem.c_str()),
                         pem.size() + 1);
  mbedtls_pk_parse_key(&out->key, parts_->key.data(), parts_->key.size(), nullptr, 0);
  return out;
}

}  // namespace ferry::verify
