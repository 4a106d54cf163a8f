# Everything we link that is not ours; docs/dependencies.md says why each is here.
# Versions are those of Debian 12; a newer minor version works.

find_package(Threads REQUIRED)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt 9 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
find_package(GTest)  # for the tests alone

# Static archives wherever there is one, so that one binary behaves the same on every machine.
find_library(FERRY_SODIUM_A NAMES libsodium.a REQUIRED)
add_library(ferry_sodium INTERFACE)
target_include_directories(ferry_sodium SYSTEM INTERFACE ${sodium_INCLUDE_DIRS})
target_link_libraries(ferry_sodium INTERFACE ${FERRY_SODIUM_A})

find_library(FERRY_ZLIB_A NAMES libz.a REQUIRED)
find_path(FERRY_ZLIB_INCLUDE zlib.h REQUIRED)
add_library(ferry_zlib INTERFACE)
target_include_directories(ferry_zlib SYSTEM INTERFACE ${FERRY_ZLIB_INCLUDE})
target_link_libraries(ferry_zlib INTERFACE ${FERRY_ZLIB_A})

# Deflates smaller than zlib does; what is uploaded is written with it.
find_library(FERRY_DEFLATE_A NAMES libdeflate.a REQUIRED)
find_path(FERRY_DEFLATE_INCLUDE libdeflate.h REQUIRED)
add_library(ferry_deflate INTERFACE)
target_include_directories(ferry_deflate SYSTEM INTERFACE ${FERRY_DEFLATE_INCLUDE})
target_link_libraries(ferry_deflate INTERFACE ${FERRY_DEFLATE_A})

# DNS without NSS: a static program can't load the libraries that getaddrinfo asks for.
find_library(FERRY_CARES_A NAMES libcares.a REQUIRED)
find_path(FERRY_CARES_INCLUDE ares.h REQUIRED)
add_library(ferry_cares INTERFACE)
target_compile_definitions(ferry_cares INTERFACE CARES_STATICLIB)
target_include_directories(ferry_cares SYSTEM INTERFACE ${FERRY_CARES_INCLUDE})
target_link_libraries(ferry_cares INTERFACE ${FERRY_CARES_A})

# TLS of requests that the host makes for components; static, since ferry-host is.
find_path(FERRY_MBEDTLS_INCLUDE mbedtls/ssl.h REQUIRED)
add_library(ferry_mbedtls INTERFACE)
target_include_directories(ferry_mbedtls SYSTEM INTERFACE ${FERRY_MBEDTLS_INCLUDE})
foreach(part tls x509 crypto)
  find_library(FERRY_MBED${part}_A NAMES libmbed${part}.a REQUIRED)
  target_link_libraries(ferry_mbedtls INTERFACE ${FERRY_MBED${part}_A})
endforeach()

# Header-only: Debian has only a shared library of it, and one source file includes it.
find_path(FERRY_TOML_INCLUDE toml++/toml.h REQUIRED)
add_library(ferry_toml INTERFACE)
target_compile_definitions(ferry_toml INTERFACE TOML_HEADER_ONLY=1)
target_include_directories(ferry_toml SYSTEM INTERFACE ${FERRY_TOML_INCLUDE})

add_library(ferry_boost INTERFACE)
target_include_directories(ferry_boost SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_link_libraries(ferry_boost INTERFACE Boost::json Boost::url Threads::Threads)

# Loaded when something is sent, not linked: only the headers are needed to build.
find_path(FERRY_CURL_INCLUDE curl/curl.h REQUIRED)
