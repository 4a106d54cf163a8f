# wasmi, an interpreter; the version is in Cargo.toml.
set(dir ${PROJECT_SOURCE_DIR}/src/engines)
set(cost "about 1 CPU minute")
ferry_crate(ferry_crate_wasmi DIR ${dir}/wasmi WITH ${dir}/thin LIBRARY libferry_wasmi.a COST ${cost})
ferry_engine_wanted(wasmi wanted DEFAULT RUST 1.86 COST ${cost} CACHED ${ferry_crate_wasmi_cached})
if(wanted)
  ferry_thin_engine(wasmi CRATE ferry_crate_wasmi)
endif()

# For ferry-host-full: one object in which every name is local, except the entry. That program has
# Wasmtime's Rust library already, and with it a copy of what both contain of Rust's own.
if(wanted AND NOT FERRY_SANITIZE)
  add_library(ferry_engine_wasmi_entry OBJECT EXCLUDE_FROM_ALL ${dir}/thin/thin_engine.cc)
  target_include_directories(ferry_engine_wasmi_entry PRIVATE ${CMAKE_BINARY_DIR}/inc/engine_wasmi)
  target_link_libraries(ferry_engine_wasmi_entry PRIVATE ferry_engine_api ferry_flags)
  target_compile_options(ferry_engine_wasmi_entry PRIVATE -fno-gnu-unique)  # those stay global
  set(quick ${CMAKE_BINARY_DIR}/ferry_wasmi_quick.o)
  add_custom_command(OUTPUT ${quick}
    COMMAND ${CMAKE_LINKER} -r --gc-sections --force-group-allocation -z noexecstack
      -u ferry_engine_v1 -o ${quick} $<TARGET_OBJECTS:ferry_engine_wasmi_entry>
      ${ferry_crate_wasmi_file}
    COMMAND ${CMAKE_OBJCOPY} --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd
      --redefine-sym ferry_engine_v1=ferry_quick_engine_v1
      --keep-global-symbol=ferry_quick_engine_v1 ${quick}
    DEPENDS $<TARGET_OBJECTS:ferry_engine_wasmi_entry> ${ferry_crate_wasmi_file}
      ferry_crate_wasmi_build VERBATIM)
  add_custom_target(ferry_engine_wasmi_quick_build DEPENDS ${quick})
  add_library(ferry_engine_wasmi_quick INTERFACE)
  target_link_libraries(ferry_engine_wasmi_quick INTERFACE ${quick})
  add_dependencies(ferry_engine_wasmi_quick ferry_engine_wasmi_quick_build)
endif()
