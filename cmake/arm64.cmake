# Cross-compiles for aarch64 Linux with Debian's compiler, against Debian's arm64 libraries, which
# tools/arm64.sh lays out in FERRY_ARM64_ROOT. What is built runs here under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# CMake reads this file again for its own trials, which see what is listed here alone.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FERRY_ARM64_ROOT)
if(NOT IS_DIRECTORY "${FERRY_ARM64_ROOT}")
  message(FATAL_ERROR "FERRY_ARM64_ROOT names no folder: `make arm64` sets it, from tools/arm64.sh")
endif()
set(CMAKE_SYSROOT ${FERRY_ARM64_ROOT})
set(CMAKE_FIND_ROOT_PATH ${FERRY_ARM64_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${FERRY_ARM64_ROOT})
set(ENV{PKG_CONFIG_LIBDIR}
  ${FERRY_ARM64_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${FERRY_ARM64_ROOT}/usr/share/pkgconfig)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static;-L;${FERRY_ARM64_ROOT})
# The target that crates are compiled for.
set(FERRY_CARGO_TARGET aarch64-unknown-linux-gnu)
