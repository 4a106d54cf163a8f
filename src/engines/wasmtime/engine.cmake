# Wasmtime 48 LTS, through its C API. One archive with the compiler for the plug-in, one without
# for programs that only run bundles.
set(dir ${PROJECT_SOURCE_DIR}/src/engines/wasmtime)
set(cost "about 6 CPU minutes")
ferry_crate(ferry_crate_wasmtime DIR ${dir} LIBRARY libferry_wasmtime.a COST ${cost}
  HEADERS out:wasmtime-c-api-impl:include)
ferry_crate(ferry_crate_wasmtime_slim DIR ${dir} LIBRARY libferry_wasmtime.a FLAVOUR slim
  PROFILE slim CARGO --no-default-features COST "about 2 CPU minutes"
  HEADERS out:wasmtime-c-api-impl:include)

ferry_engine_wanted(wasmtime wanted DEFAULT RUST 1.95 COST ${cost})
if(wanted)
  ferry_engine(wasmtime CRATE ferry_crate_wasmtime)
  ferry_engine(wasmtime CRATE ferry_crate_wasmtime_slim STATIC static)
  ferry_engine(wasmtime CRATE ferry_crate_wasmtime STATIC full_static)
endif()
