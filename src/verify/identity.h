// What an Authority issues, in the form of Mbed TLS. Private to src/verify.
#pragma once

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "verify/authority.h"

namespace ferry::verify {

struct Authority::Identity {
  Identity() {
    mbedtls_x509_crt_init(&certificate);
    mbedtls_pk_init(&key);
  }
  ~Identity() {
    mbedtls_x509_crt_free(&certificate);
    mbedtls_pk_free(&key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  mbedtls_x509_crt certificate{};
  mbedtls_pk_context key{};
};

// For Mbed TLS: libsodium's generator, which needs no seed.
int draw_for_tls(void* user, unsigned char* out, std::size_t size);

}  // namespace ferry::verify
