# The four workloads that reviews of engines have used since 2019, in C, Rust and Go, each beside
# its native build, the control of `ferry compare`. `make workloads`; not part of `functions`.
# Included from functions/CMakeLists.txt, whose compilers it uses.
set(where ${CMAKE_CURRENT_SOURCE_DIR}/workloads)
file(MAKE_DIRECTORY ${out}/workloads)
add_custom_target(workloads)

# ferry_workload(NAME SOURCES… WASM command… NATIVE command…)
function(ferry_workload name)
  cmake_parse_arguments(W "" "" "SOURCES;WASM;NATIVE" ${ARGN})
  set(made ${out}/workloads/${name})
  add_custom_command(OUTPUT ${made}.wasm COMMAND ${W_WASM} -o ${made}.wasm ${W_SOURCES}
    DEPENDS ${W_SOURCES} WORKING_DIRECTORY ${where} COMMENT "Workload ${name}" VERBATIM)
  # After the other: rustc names its intermediate files alike for both.
  add_custom_command(OUTPUT ${made}.native COMMAND ${W_NATIVE} -o ${made}.native ${W_SOURCES}
    DEPENDS ${W_SOURCES} ${made}.wasm WORKING_DIRECTORY ${where} COMMENT "Workload ${name}, native" VERBATIM)
  add_custom_target(workload-${name} DEPENDS ${made}.wasm ${made}.native)
  add_dependencies(workloads workload-${name})
endfunction()

foreach(work prime fib matrix sort)
  if(FERRY_WASM_CLANG AND FERRY_WASM_LD AND FERRY_WASI_LIBC)
    ferry_workload(${work}-c SOURCES ${where}/${work}.c
      WASM ${FERRY_WASM_CLANG} ${wasm_clang} -std=c11 -s
      NATIVE ${FERRY_WASM_CLANG} -O2 -std=c11 -s)
  endif()
  if(rust_target AND FERRY_WASM_LD)
    ferry_workload(${work}-rust SOURCES ${where}/${work}.rs
      WASM ${rust_compiler} --edition 2021 --target ${rust_target} -C opt-level=2 -C lto
        -C panic=abort -C strip=symbols -C linker=${FERRY_WASM_LD}
      NATIVE ${rust_compiler} --edition 2021 -C opt-level=2 -C lto -C panic=abort
        -C strip=symbols)
  endif()
  if(FERRY_GO)
    ferry_workload(${work}-go SOURCES ${where}/${work}.go ${where}/number.go
      WASM ${CMAKE_COMMAND} -E env GOOS=wasip1 GOARCH=wasm GOFLAGS= GOWORK=off
        ${FERRY_GO} build -trimpath
      NATIVE ${CMAKE_COMMAND} -E env GOFLAGS= GOWORK=off ${FERRY_GO} build -trimpath)
  endif()
endforeach()
