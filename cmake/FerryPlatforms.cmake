# The platforms, in the order in which they are listed and recognised. A new one is one folder under
# src/platforms, which defines `const Platform& NAME_platform()`, and one line here:
# docs/adding-a-platform.md.
ferry_module(platform PATH platforms DEPENDS serve)

# ferry_platform(NAME [modules…] [LIBRARIES targets…])
function(ferry_platform name)
  ferry_module(platform_${name} PATH platforms/${name} DEPENDS platform ${ARGN})
  # What is done once at the start, or once an invocation around a call over a socket: size counts.
  if(NOT FERRY_SANITIZE AND NOT name STREQUAL "http")
    target_compile_options(ferry_platform_${name} PRIVATE $<$<CONFIG:Release>:-Os>)
  endif()
  set_property(GLOBAL APPEND PROPERTY FERRY_PLATFORMS ${name})
endfunction()

ferry_platform(http)
ferry_platform(lambda LIBRARIES ferry_zlib)
ferry_platform(openwhisk package)
ferry_platform(knative platform_http)
ferry_platform(azure platform_http)
ferry_platform(openfaas platform_http)

# The list as code (src/platforms/list.h).
get_property(platforms GLOBAL PROPERTY FERRY_PLATFORMS)
set(FERRY_PLATFORM_DECLARATIONS "")
set(FERRY_PLATFORM_CALLS "")
foreach(name ${platforms})
  string(APPEND FERRY_PLATFORM_DECLARATIONS "const Platform& ${name}_platform();\n")
  list(APPEND FERRY_PLATFORM_CALLS "&${name}_platform()")
endforeach()
list(LENGTH platforms FERRY_PLATFORM_COUNT)
list(JOIN FERRY_PLATFORM_CALLS ", " FERRY_PLATFORM_CALLS)
configure_file(${PROJECT_SOURCE_DIR}/src/platforms/list.cc.in
  ${CMAKE_BINARY_DIR}/generated/platforms_list.cc @ONLY)
add_library(ferry_platform_list STATIC ${CMAKE_BINARY_DIR}/generated/platforms_list.cc)
list(TRANSFORM platforms PREPEND ferry_platform_)
target_link_libraries(ferry_platform_list PUBLIC ${platforms} PRIVATE ferry_flags)
