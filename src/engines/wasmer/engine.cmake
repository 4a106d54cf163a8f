# wasmer 7.4, compilers cranelift and singlepass.
set(dir ${PROJECT_SOURCE_DIR}/src/engines)
set(cost "about 8 CPU minutes")
ferry_crate(ferry_crate_wasmer DIR ${dir}/wasmer WITH ${dir}/thin LIBRARY libferry_wasmer.a COST ${cost})
ferry_engine_wanted(wasmer wanted DEFAULT RUST 1.95 COST ${cost} CACHED ${ferry_crate_wasmer_cached})
if(wanted)
  ferry_thin_engine(wasmer CRATE ferry_crate_wasmer)
endif()
