# Wasmtime 48 LTS, through its C API. One archive with the compiler for the plug-in, one without
# for programs that only run bundles.
set(dir ${PROJECT_SOURCE_DIR}/src/engines/wasmtime)
set(cost "about 6 CPU minutes")
ferry_crate(ferry_crate_wasmtime DIR ${dir} LIBRARY libferry_wasmtime.a COST ${cost}
  HEADERS out:wasmtime-c-api-impl:include)
ferry_crate(ferry_crate_wasmtime_slim DIR ${dir} LIBRARY libferry_wasmtime.a FLAVOUR slim
  PROFILE slim CARGO --no-default-features COST "about 2 CPU minutes"
  HEADERS out:wasmtime-c-api-impl:include)

# The plug-in's own, where bundles for the other architecture are wanted (`make arm64`).
set(plugin_crate ferry_crate_wasmtime)
if(FERRY_CROSS)
  set(plugin_crate ferry_crate_wasmtime_cross)
  ferry_crate(${plugin_crate} DIR ${dir}/cross LIBRARY libferry_wasmtime_cross.a
    COST "about 7 CPU minutes" HEADERS out:wasmtime-c-api-impl:include)
  target_compile_definitions(${plugin_crate} INTERFACE FERRY_WASMTIME_CROSS)
endif()

# Its Rust is built with panic = "abort" and nothing throws through it, so the tables for unwinding
# are weight alone: some tens of kB of what is uploaded.
set(light ${CMAKE_BINARY_DIR}/libferry_wasmtime_light.a)
add_custom_command(OUTPUT ${light}
  COMMAND ${CMAKE_OBJCOPY} --remove-section=.eh_frame --remove-section=.rela.eh_frame
    --remove-section=.gcc_except_table* --remove-section=.rela.gcc_except_table*
    ${ferry_crate_wasmtime_slim_file} ${light}
  DEPENDS ${ferry_crate_wasmtime_slim_file} ferry_crate_wasmtime_slim_build VERBATIM)
add_custom_target(ferry_crate_wasmtime_light_build DEPENDS ${light})
add_library(ferry_crate_wasmtime_light INTERFACE)
target_include_directories(ferry_crate_wasmtime_light SYSTEM INTERFACE
  $<TARGET_PROPERTY:ferry_crate_wasmtime_slim,INTERFACE_SYSTEM_INCLUDE_DIRECTORIES>)
target_link_libraries(ferry_crate_wasmtime_light INTERFACE ${light})
add_dependencies(ferry_crate_wasmtime_light ferry_crate_wasmtime_light_build)

ferry_engine_wanted(wasmtime wanted DEFAULT RUST 1.95 COST ${cost})
if(wanted)
  ferry_engine(wasmtime CRATE ${plugin_crate})
  ferry_engine(wasmtime CRATE ferry_crate_wasmtime_light STATIC static)
  ferry_engine(wasmtime CRATE ferry_crate_wasmtime STATIC full_static)
endif()
