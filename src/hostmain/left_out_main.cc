// What Debian's Mbed TLS would link into ferry-host and a client never uses, in smaller: its test
// certificates, which only its self test reads (53 KiB), and the server's side of a handshake
// (21 KiB). A symbol of the program comes before that of an archive, whose member then stays out.
// Part of these programs alone: `ferry verify` is a server too.
#include <mbedtls/certs.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_internal.h>

const char* mbedtls_test_ca_crt = "";
const size_t mbedtls_test_ca_crt_len = 1;
const char* mbedtls_test_cli_crt = "";
const size_t mbedtls_test_cli_crt_len = 1;

int mbedtls_ssl_handshake_server_step(mbedtls_ssl_context* /*session*/) {
  return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}
