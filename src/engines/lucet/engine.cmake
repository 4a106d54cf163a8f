# Lucet 0.6.1. Compiled modules refer to its host calls and runtime by symbol, and to the plug-in
# that has them by SONAME: hence a list of exports and a SONAME of its own.
set(dir ${PROJECT_SOURCE_DIR}/src/engines)
set(cost "about 3 CPU minutes")
ferry_crate(ferry_crate_lucet DIR ${dir}/lucet WITH ${dir}/thin LIBRARY libferry_lucet.a
  SETUP ${dir}/lucet/setup.sh COST ${cost})
ferry_engine_wanted(lucet wanted DEFAULT RUST 1.95 COST ${cost} CACHED ${ferry_crate_lucet_cached})
if(wanted)
  ferry_thin_engine(lucet CRATE ferry_crate_lucet EXPORTS ${dir}/lucet/exports.map)
  # Its host calls are symbols of the crate (hostcalls.rs), bound when a module is compiled.
  target_compile_definitions(ferry_engine_lucet PRIVATE FERRY_THIN_FIXED_IMPORTS)
  target_link_options(ferry_engine_lucet PRIVATE -Wl,-soname,ferry-engine-lucet.so)
endif()
