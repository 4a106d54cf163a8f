# Options of the build, and the flags that every target of ours gets.

set(FERRY_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=: address,undefined | thread")
option(FERRY_FUZZ "Build the fuzz targets (needs clang)" OFF)
option(FERRY_COVERAGE "Count the lines and branches that run: make coverage (needs clang)" OFF)
option(FERRY_BENCH "Build the benchmarks" OFF)
# Half of a large module's compile time from nothing, since each header is read once for it, and more
# after a change of one file. The presets that people edit under and lint go without: there each file
# must include what it uses.
option(FERRY_UNITY "Compile the files of a module as one" OFF)
option(FERRY_WERROR "Warnings are errors" ON)

# -O3 buys nothing measurable here and compiles a fifth longer.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  add_compile_options(-fsigned-char)  # as on x86-64: the same code, with the same meaning
endif()

add_library(ferry_flags INTERFACE)
target_compile_options(ferry_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
  -Wformat=2 -Wnull-dereference -Wimplicit-fallthrough -Wundef
  -ffunction-sections -fdata-sections -fno-omit-frame-pointer)
# The table of functions in other libraries is filled at the start and then read-only.
target_link_options(ferry_flags INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees null dereferences and overflows inside inlined library code that are not there.
  target_compile_options(ferry_flags INTERFACE -Wno-null-dereference -Wno-stringop-overflow
    -Wno-array-bounds -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(FERRY_WERROR)
  target_compile_options(ferry_flags INTERFACE -Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(ferry_flags INTERFACE -fstack-protector-strong
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:FERRY_UNOPTIMISED>>>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=2>)
endif()
# What is tested is optimised, not the tests: that compiles a quarter faster. _FORTIFY_SOURCE needs
# an optimising compiler.
function(ferry_unoptimised target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set_target_properties(${target} PROPERTIES FERRY_UNOPTIMISED ON)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

if(FERRY_SANITIZE)
  # More optimisation costs compile time and finds no more; reports show line numbers only.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g1")
  add_compile_options(-fsanitize=${FERRY_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FERRY_SANITIZE})
endif()
if(FERRY_COVERAGE)
  # Not gcov's: clang counts the branches of the source, GCC those of what it compiled, with the
  # paths of exceptions and destructors among them.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0")
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()

find_program(FERRY_CCACHE ccache)
if(FERRY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${FERRY_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FERRY_CCACHE})
endif()
