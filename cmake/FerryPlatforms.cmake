# The platforms, in the order in which they are listed and recognised. A new one is a folder under
# src/platforms, which defines `const Platform& NAME_platform()`; if it has an emulator, a folder of
# the same name under src/emulators, which defines `const Emulation& NAME_emulation()`; and one line
# here: docs/adding-a-platform.md.
ferry_module(platform PATH platforms DEPENDS serve)
ferry_module(emulator PATH emulators DEPENDS platform)

# ferry_platform(NAME [modules…] [LIBRARIES targets…])
function(ferry_platform name)
  ferry_module(platform_${name} PATH platforms/${name} DEPENDS platform ${ARGN})
  # What is done once at the start, or once an invocation around a call over a socket: size counts.
  if(NOT FERRY_SANITIZE AND NOT name STREQUAL "http")
    target_compile_options(ferry_platform_${name} PRIVATE $<$<CONFIG:Release>:-Os>)
  endif()
  set_property(GLOBAL APPEND PROPERTY FERRY_PLATFORMS ${name})
  if(EXISTS ${PROJECT_SOURCE_DIR}/src/emulators/${name})
    ferry_module(emulator_${name} PATH emulators/${name} DEPENDS emulator platform_${name})
    set_property(GLOBAL APPEND PROPERTY FERRY_EMULATORS ${name})
  endif()
endfunction()

ferry_platform(http)
ferry_platform(lambda)
ferry_platform(openwhisk package)
ferry_platform(knative platform_http)
ferry_platform(azure platform_http)
ferry_platform(openfaas platform_http)
ferry_platform(jsonl)

# ferry_list(KIND TYPE SUFFIX names…): the target ferry_KIND_list, all of a kind as code, made from
# src/KINDs/list.cc.in.
function(ferry_list kind type suffix)
  set(FERRY_DECLARATIONS "")
  set(FERRY_CALLS "")
  set(modules "")
  foreach(name ${ARGN})
    string(APPEND FERRY_DECLARATIONS "const ${type}& ${name}_${suffix}();\n")
    list(APPEND FERRY_CALLS "&${name}_${suffix}()")
    list(APPEND modules ferry_${kind}_${name})
  endforeach()
  list(LENGTH modules FERRY_COUNT)
  list(JOIN FERRY_CALLS ", " FERRY_CALLS)
  set(made ${CMAKE_BINARY_DIR}/generated/${kind}_list.cc)
  configure_file(${PROJECT_SOURCE_DIR}/src/${kind}s/list.cc.in ${made} @ONLY)
  add_library(ferry_${kind}_list STATIC ${made})
  target_link_libraries(ferry_${kind}_list PUBLIC ferry_${kind} PRIVATE ${modules} ferry_flags)
endfunction()

get_property(platforms GLOBAL PROPERTY FERRY_PLATFORMS)
ferry_list(platform Platform platform ${platforms})
get_property(emulators GLOBAL PROPERTY FERRY_EMULATORS)
ferry_list(emulator Emulation emulation ${emulators})
