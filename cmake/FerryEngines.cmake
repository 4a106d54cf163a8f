# The engines. A new one is one folder under src/engines and one line at the end of this file
# (docs/adding-an-engine.md). An engine is a plug-in, ferry-engine-<name>.so, loaded with dlopen.

set(FERRY_ENGINES "default" CACHE STRING
  "Engines to build: default (those this machine can) | all (fail if one cannot) | a list of names. wasmtime is always built")
option(FERRY_CROSS "wasmtime compiles for amd64 and arm64 alike: ferry pack --arch" OFF)
set(FERRY_CRATE_CACHE "" CACHE PATH
  "Where built crates are kept; empty: $XDG_CACHE_HOME/ferry-build, else ~/.cache/ferry-build")

find_program(FERRY_CARGO cargo HINTS $ENV{HOME}/.cargo/bin)
find_program(FERRY_RUSTC rustc HINTS $ENV{HOME}/.cargo/bin)
set(FERRY_RUST_VERSION "")
if(FERRY_CARGO AND FERRY_RUSTC)
  execute_process(COMMAND ${FERRY_RUSTC} -vV OUTPUT_VARIABLE FERRY_RUSTC_VERBOSE ERROR_QUIET)
  if(FERRY_RUSTC_VERBOSE MATCHES "release: ([0-9.]+)")
    set(FERRY_RUST_VERSION ${CMAKE_MATCH_1})
  endif()
endif()

if(FERRY_CRATE_CACHE)
  set(ferry_crate_cache ${FERRY_CRATE_CACHE})
elseif(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
  set(ferry_crate_cache $ENV{XDG_CACHE_HOME}/ferry-build)
else()
  set(ferry_crate_cache $ENV{HOME}/.cache/ferry-build)
endif()

# Crates are built beside each other as far as the memory goes: a compiler of 2 GiB a core or so.
# Ninja starts them before the C++ files, which fill the cores that they leave idle.
cmake_host_system_information(RESULT ferry_memory QUERY TOTAL_PHYSICAL_MEMORY)  # MiB
math(EXPR ferry_crates_at_once "${ferry_memory} / 6144")
if(ferry_crates_at_once LESS 1)
  set(ferry_crates_at_once 1)
elseif(ferry_crates_at_once GREATER 3)
  set(ferry_crates_at_once 3)
endif()
set_property(GLOBAL APPEND PROPERTY JOB_POOLS ferry_crates=${ferry_crates_at_once})

# ferry_crate(TARGET DIR folder LIBRARY libx.a [FLAVOUR name] [CARGO args…] [PROFILE name]
#             [HEADERS out:PACKAGE:folder | crate:PACKAGE:folder …] [WITH folders…]
#             [SETUP script] [COST text] [NEEDS_RUST version])
# A Rust crate as an interface target: its static archive and its headers. It is built once for
# each content of its files, compiler and flags, in a folder outside the tree, so that a clean
# clone need not wait again. HEADERS are folders copied from a package's OUT_DIR or its source.
# WITH are folders of crates it uses by path ("../thin").
# SETUP is a script run in the copy of the crate's folder before cargo.
function(ferry_crate target)
  cmake_parse_arguments(C "" "DIR;LIBRARY;FLAVOUR;PROFILE;SETUP;COST" "CARGO;HEADERS;WITH"
    ${ARGN})
  if(NOT C_PROFILE)
    set(C_PROFILE release)
  endif()
  if(NOT C_COST)
    set(C_COST "some minutes")
  endif()
  if(FERRY_CARGO_TARGET)  # of a cross-compiler's toolchain file
    list(APPEND C_CARGO --target ${FERRY_CARGO_TARGET})
  endif()
  file(GLOB files CONFIGURE_DEPENDS ${C_DIR}/*.toml ${C_DIR}/*.lock ${C_DIR}/*.rs ${C_SETUP})
  set(with_files "")
  foreach(folder ${C_WITH})
    file(GLOB more CONFIGURE_DEPENDS ${folder}/*.toml ${folder}/*.rs)
    list(APPEND with_files ${more})
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files} ${with_files})
  set(facts "1;${FERRY_RUSTC_VERBOSE};${C_CARGO};${C_PROFILE};${C_HEADERS};$ENV{RUSTFLAGS}")
  foreach(file ${files} ${with_files})
    file(SHA256 ${file} hash)
    get_filename_component(leaf ${file} NAME)
    string(APPEND facts ";${leaf}=${hash}")
  endforeach()
  string(SHA256 hash "${facts}")
  string(SUBSTRING ${hash} 0 16 hash)
  get_filename_component(name ${C_DIR} NAME)
  if(C_FLAVOUR)
    string(APPEND name "-${C_FLAVOUR}")
  endif()
  set(out ${ferry_crate_cache}/${name}-${hash})
  # What the build tree has is a link: ninja deletes the outputs of a rule that is interrupted, and
  # the archive belongs to all clones.
  set(archive ${CMAKE_BINARY_DIR}/crates/${name}/${C_LIBRARY})
  list(JOIN files "|" files)
  list(JOIN with_files "|" with_files)
  list(JOIN C_CARGO "|" cargo_args)
  list(JOIN C_HEADERS "|" headers)
  add_custom_command(OUTPUT ${archive}
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DOUT=${out} -DLIBRARY=${C_LIBRARY}
      -DLINK=${archive}
      "-DFILES=${files}" "-DWITH_FILES=${with_files}" "-DCARGO_ARGS=${cargo_args}"
      -DPROFILE=${C_PROFILE} "-DTARGET=${FERRY_CARGO_TARGET}"
      "-DHEADERS=${headers}" "-DSETUP=${C_SETUP}" "-DCOST=${C_COST}" -DCARGO=${FERRY_CARGO}
      -P ${PROJECT_SOURCE_DIR}/cmake/BuildCrate.cmake
    COMMENT "Engine crate ${name} (${C_COST}, once)" VERBATIM JOB_POOL ferry_crates)
  add_custom_target(${target}_build DEPENDS ${archive})
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${out}/include)
  target_link_libraries(${target} INTERFACE ${archive})
  add_dependencies(${target} ${target}_build)
  set(${target}_file ${archive} PARENT_SCOPE)
  set(${target}_cached FALSE PARENT_SCOPE)
  if(EXISTS ${out}/${C_LIBRARY})
    set(${target}_cached TRUE PARENT_SCOPE)
  endif()
endfunction()

# ferry_engine_wanted(NAME RESULT [DEFAULT] [RUST version] [COST text] [CACHED bool])
# Whether to build this engine here; says in one line why not, and how to get it.
function(ferry_engine_wanted name result)
  cmake_parse_arguments(W "DEFAULT" "RUST;COST;CACHED" "" ${ARGN})
  set(${result} FALSE PARENT_SCOPE)
  set(asked FALSE)
  if(FERRY_ENGINES STREQUAL "all" OR name IN_LIST FERRY_ENGINES OR name STREQUAL "wasmtime")
    set(asked TRUE)
  endif()
  set(why "")
  if(W_RUST AND NOT FERRY_RUST_VERSION)
    set(why "needs Rust ${W_RUST} or newer, and cargo or rustc was not found; get them from https://rustup.rs")
  elseif(W_RUST AND FERRY_RUST_VERSION VERSION_LESS W_RUST)
    set(why "needs Rust ${W_RUST} or newer, and ${FERRY_RUSTC} is ${FERRY_RUST_VERSION}; `rustup update stable` brings one")
  elseif(NOT asked AND NOT (FERRY_ENGINES STREQUAL "default" AND (W_DEFAULT OR W_CACHED)))
    message(STATUS "Engine ${name}: not built; -DFERRY_ENGINES=all builds it (${W_COST})")
    return()
  endif()
  if(why)
    if(asked)
      message(FATAL_ERROR "Engine ${name} ${why}.")
    endif()
    message(STATUS "Engine ${name}: not built; ${why}")
    return()
  endif()
  set(${result} TRUE PARENT_SCOPE)
endfunction()

# ferry_engine(NAME CRATE target… [SOURCES files…] [EXPORTS map] [LIBRARIES targets…]
#              [STATIC suffix])
# The plug-in from src/engines/<NAME>/*.cc and SOURCES, build/bin/engines/ferry-engine-<NAME>.so,
# exporting ferry_engine_v1 and nothing else, or what EXPORTS lists. With STATIC, a static library
# ferry_engine_<NAME>_<suffix> for programs that link their engine, built only when something
# links it.
function(ferry_engine name)
  cmake_parse_arguments(E "" "STATIC;EXPORTS" "CRATE;LIBRARIES;SOURCES" ${ARGN})
  set(hide "")
  if(NOT E_EXPORTS)
    set(E_EXPORTS ${PROJECT_SOURCE_DIR}/cmake/engine.map)
    set(hide -Wl,--exclude-libs,ALL)
  endif()
  set(dir ${PROJECT_SOURCE_DIR}/src/engines/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  list(APPEND sources ${E_SOURCES})
  set(farm ${CMAKE_BINARY_DIR}/inc/engine_${name})
  file(MAKE_DIRECTORY ${farm}/engines)
  file(CREATE_LINK ${dir} ${farm}/engines/${name} SYMBOLIC)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/engines/thin ${farm}/engines/thin SYMBOLIC)
  if(E_STATIC)
    set(target ferry_engine_${name}_${E_STATIC})
    add_library(${target} STATIC EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(${target} PUBLIC ferry_engine_api ${E_CRATE} ${E_LIBRARIES}
      PRIVATE ferry_flags)
    # The loader only asks whether it is there (a weak reference), which pulls nothing in.
    target_link_options(${target} INTERFACE -Wl,--undefined=ferry_engine_v1)
  else()
    set(target ferry_engine_${name})
    add_library(${target} MODULE ${sources})
    target_link_libraries(${target} PRIVATE ferry_engine_api ${E_CRATE} ${E_LIBRARIES}
      ferry_flags)
    target_link_options(${target} PRIVATE
      -Wl,--version-script=${E_EXPORTS} -Wl,-Bsymbolic ${hide})
    if(NOT FERRY_SANITIZE)
      target_link_options(${target} PRIVATE -Wl,-z,defs)
    endif()
    set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ferry-engine-${name}
      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/engines LINK_DEPENDS ${E_EXPORTS})
    install(TARGETS ${target} LIBRARY DESTINATION lib/ferry/engines)
    set_property(GLOBAL APPEND PROPERTY FERRY_ENGINE_PLUGINS ${target})
  endif()
  target_include_directories(${target} PRIVATE ${farm})
  foreach(crate ${E_CRATE})
    add_dependencies(${target} ${crate}_build)
  endforeach()
endfunction()

# ferry_thin_engine(NAME CRATE target [EXPORTS map])
# An engine behind the seam in src/engines/thin. The Rust library's own debug lines are left out.
function(ferry_thin_engine name)
  cmake_parse_arguments(T "" "CRATE;EXPORTS" "" ${ARGN})
  ferry_engine(${name} CRATE ${T_CRATE} EXPORTS ${T_EXPORTS}
    SOURCES ${PROJECT_SOURCE_DIR}/src/engines/thin/thin_engine.cc)
  target_link_options(ferry_engine_${name} PRIVATE -Wl,--strip-debug)
endfunction()

# What each engine is made of stands in its own folder: src/engines/<name>/engine.cmake.
include(${PROJECT_SOURCE_DIR}/src/engines/wasmtime/engine.cmake)
include(${PROJECT_SOURCE_DIR}/src/engines/wasmi/engine.cmake)
include(${PROJECT_SOURCE_DIR}/src/engines/wasmer/engine.cmake)
include(${PROJECT_SOURCE_DIR}/src/engines/lucet/engine.cmake)
