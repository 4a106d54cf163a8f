# wasmi, an interpreter; the version is in Cargo.toml.
set(dir ${PROJECT_SOURCE_DIR}/src/engines)
set(cost "about 1 CPU minute")
ferry_crate(ferry_crate_wasmi DIR ${dir}/wasmi WITH ${dir}/thin LIBRARY libferry_wasmi.a COST ${cost})
ferry_engine_wanted(wasmi wanted DEFAULT RUST 1.86 COST ${cost} CACHED ${ferry_crate_wasmi_cached})
if(wanted)
  ferry_thin_engine(wasmi CRATE ferry_crate_wasmi)
endif()
