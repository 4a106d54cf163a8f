module ferry/bench/openwhisk

go 1.24
