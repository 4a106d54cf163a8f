// What libraries would link into ferry-host and it never uses, in smaller. A symbol of the program
// comes before that of an archive, whose member then stays out.
//
// Of Debian's Mbed TLS: its test certificates, which only its self test reads (53 KiB), and the
// server's side of a handshake (21 KiB). Part of these programs alone: `ferry verify` is a server
// too.
//
// Of the C library: the names of services, for which c-ares would ask NSS (120 KiB), whose plug-ins
// a static program must not load. net/system_network.cc asks for addresses alone.
#include <cerrno>

#include <mbedtls/certs.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_internal.h>
#include <netdb.h>

const char* mbedtls_test_ca_crt = "";
const size_t mbedtls_test_ca_crt_len = 1;
const char* mbedtls_test_cli_crt = "";
const size_t mbedtls_test_cli_crt_len = 1;

int mbedtls_ssl_handshake_server_step(mbedtls_ssl_context* /*session*/) {
  return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

servent* getservbyname(const char* /*name*/, const char* /*protocol*/) { return nullptr; }

int getservbyport_r(int /*port*/, const char* /*protocol*/, servent* /*room*/, char* /*buffer*/,
                    size_t /*size*/, servent** result) {
  *result = nullptr;
  return ENOENT;
}
