# What a person types. CMake does the work: presets are in CMakePresets.json, and every target
# here is one or two commands that can be typed by hand as well.

JOBS ?= $(shell nproc)
# Many tests wait for a time to pass: a quarter of the cores is idle when each has one.
TEST_JOBS ?= $(shell echo $$(($(JOBS) + ($(JOBS) + 1) / 2)))
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
# Engines to build: default (all that this machine can build) | all (fail if one cannot) | names.
ENGINES ?= default
# Rust and Go where their installers put them, for shells that have not been told. rustup's before
# Debian's rustc, which is here for functions alone and too old for the engines.
RUSTUP := $(HOME)/.cargo/bin
export PATH := $(if $(findstring :$(RUSTUP):,:$(PATH):),,$(RUSTUP):)$(PATH):/usr/local/go/bin

# Compiled once, whichever folder the clone is in.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:

## Everyday

.PHONY: run
run: ## set up what is missing, build what that needs, and run a Go function on one event
	@tools/setup.sh build go
	@test -f build/build.ninja || cmake --preset release
	@tools/first_run.sh build $(JOBS)

.PHONY: test
test: build functions ## every test that needs nothing but this machine (ENGINES=wasmtime: without the other engines)
	@tools/expect.sh build all
	cmake --build build -j $(JOBS)
	ctest --test-dir build --output-on-failure -j $(TEST_JOBS)

.PHONY: build
build: setup ## compile ferry and the engines into build/ (ENGINES=all insists on every engine)
	@cmake --preset release "-DFERRY_ENGINES=$(ENGINES)"
	@tools/expect.sh build programs
	cmake --build build --target programs -j $(JOBS)

.PHONY: functions
functions: setup ## compile the sample functions into build/functions/*.wasm
	@test -f build/build.ninja || cmake --preset release
	cmake --build build --target functions -j $(JOBS)

.PHONY: functions-more
functions-more: setup ## those in Zig and AssemblyScript too: installs both compilers (PyPI, npm)
	@tools/setup.sh guests-more
	cmake --preset release
	cmake --build build --target functions -j $(JOBS)

.PHONY: functions-components
functions-components: setup ## sample components in JavaScript, Python and Rust: installs their compilers (npm, PyPI, rustup)
	@tools/setup.sh components
	cmake --preset release
	cmake --build build --target functions-components -j $(JOBS)

.PHONY: setup
setup: ## install what is missing here (Debian packages; says which)
	@tools/setup.sh build test functions
	@if command -v npm >/dev/null; then tools/setup.sh binaryen; \
	elif [ "$(ENGINES)" = all ]; then \
	  echo "npm is missing, and Lucet needs its binaryen: get Node.js from https://nodejs.org"; exit 1; \
	else echo "npm is missing: without its binaryen Lucet refuses functions in newer WebAssembly, Go's among them"; fi

.PHONY: arm64
arm64: build ## ferry-host for arm64, and a compiler for it in ferry: ferry pack --arch (cross compilers from Debian)
	root=$$(tools/arm64.sh) && cmake --preset arm64 "-DFERRY_ARM64_ROOT=$$root"
	cmake --build --preset arm64 -j $(JOBS) --target ferry-host
	mkdir -p build/bin/arm64 && cp -u build-arm64/bin/ferry-host build/bin/arm64
	cmake --preset release -DFERRY_CROSS=ON
	cmake --build build -j $(JOBS) --target ferry_engine_wasmtime

.PHONY: arm64-ferry
arm64-ferry: arm64 ## ferry itself and ferry-host-full for arm64, in build-arm64/bin; make dist then makes packages for arm64 too
	cmake --build --preset arm64 -j $(JOBS) --target programs
	cp -u build-arm64/bin/ferry-host-full build/bin/arm64

.PHONY: format
format: ## lay out all source files
	@tools/setup.sh lint
	@tools/lint.sh format

.PHONY: lint
lint: setup ## check layout, clang-tidy, Go vet and the house rules
	@tools/setup.sh lint
	@cmake --preset edit "-DFERRY_ENGINES=$(ENGINES)" >/dev/null
	@tools/lint.sh check

.PHONY: lint-ci
lint-ci: ## the same after the tests: clang-tidy over what changed last, LINT_SECONDS=120 at most
	@tools/setup.sh lint || echo "lint: goes on without what could not be installed"
	@cmake --preset edit "-DFERRY_ENGINES=$(ENGINES)" >/dev/null
	@tools/lint.sh ci

.PHONY: install
install: build ## install into PREFIX (default /usr/local; DESTDIR is heeded)
	cmake --install build --prefix $(PREFIX)

.PHONY: deb
deb: build ## make a Debian package, build/ferry_*.deb
	umask 022 && cd build && cpack -G DEB

# What was built for arm64 belongs to a release.
ARM64 = $(if $(wildcard build-arm64/bin/ferry),--arm64 build-arm64)

.PHONY: dist
dist: build ## all that a release has, into build/dist: .deb, archive, wheel, image, sums, bill of materials; for arm64 too after make arm64-ferry
	@tools/setup.sh dist
	tools/dist.py build build/dist $(ARM64)

.PHONY: docs
docs: ## the docs as a site, build/site/index.html; every link is checked (MkDocs, from PyPI)
	@tools/setup.sh build docs
	@test -f build/build.ninja || cmake --preset release
	@cmake --build build --target ferry -j $(JOBS)
	@python=$$(tools/setup.sh --python docs) && \
	  NO_MKDOCS_2_WARNING=1 $$python -m mkdocs build --strict --quiet --clean
	@tests/docs/width_test.py --build build || [ $$? = 77 ]
	@echo "build/site/index.html"

.PHONY: clean
clean: ## remove all build folders; downloads and compiler caches stay
	rm -rf build build-*

.PHONY: help
help: ## this list
	@echo "make TARGET. The first time: make run"
	@awk 'BEGIN { FS = ":.*## " } /^## / { print "\n" substr($$0, 4) } \
	  /^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Long suites

.PHONY: test-asan
test-asan: functions ## every test, compiled with AddressSanitizer and UBSan
	cmake --preset asan
	cmake --build --preset asan -j $(JOBS)
	ctest --preset asan

.PHONY: test-arm64
test-arm64: arm64 functions ## the tests of what is shipped, compiled for arm64, under QEMU
	cmake --build --preset arm64 -j $(JOBS) --target test_base test_bundle test_engine test_host \
	  test_hostmain test_http test_reset test_snapshot test_wasi
	cmake --build build -j $(JOBS) --target lambda_emulator
	tests/arm64.sh build-arm64 -j $(JOBS)
	tests/lambda/run.py --build build --against arm64

.PHONY: test-engines
test-engines: build functions ## every sample and hostile guest on every engine, one outcome (minutes)
	tests/engines_same.py --build build

.PHONY: test-verify
test-verify: build functions ## every function over every platform on every engine, one outcome (minutes)
	tests/verify/everywhere.py --build build --all

.PHONY: test-docs
test-docs: build functions ## run every command of the docs, as several users and with each Rust that is here
	for user in me nobody; do for rust in debian rustup; do \
	  tests/docs/run_blocks.py --build build --user $$user --rust $$rust README.md docs/*.md \
	    docs/formats/*.md functions/README.md || [ $$? = 77 ] || exit 1; \
	done; done

.PHONY: test-network
test-network: build functions-components ## samples and Go programs against PostgreSQL, Redis, NATS, MariaDB, nginx (Debian) and moto's object store (PyPI)
	@tools/setup.sh network
	tests/network/network_test.py --build build --services

.PHONY: test-components
test-components: build functions-components ## sample components on every platform, and compared with wasmtime's own host (COUNT=200)
	tests/components/samples_test.py --build build
	tests/components/oracle.py --build build --count $(or $(COUNT),200)

.PHONY: test-isolation
test-isolation: ## a million events a case against the reset of kept instances (PRESET=asan EVENTS=20000; WARMED=1, COMPONENTS=1: warm first states, or components, alone; an hour and more)
	cmake --preset $(or $(PRESET),release)
	cmake --build --preset $(or $(PRESET),release) -j $(JOBS) --target test_engine test_host test_builder functions
	tests/isolation.py $(if $(filter asan tsan,$(PRESET)),build-$(PRESET),build) \
	  --events $(or $(EVENTS),1000000) \
	  $(if $(WARMED),--warmed --data warmed,$(if $(COMPONENTS),--components --data components,--data $(or $(PRESET),release)))
	bench/figures.py

.PHONY: test-tsan
test-tsan: functions ## every test, compiled with ThreadSanitizer
	cmake --preset tsan
	cmake --build --preset tsan -j $(JOBS)
	ctest --preset tsan

.PHONY: test-wasi
test-wasi: ## SUITE=DIR: a checkout of WebAssembly/wasi-testsuite
	@test -n "$(SUITE)" || { echo "make test-wasi SUITE=DIR: DIR is a checkout of WebAssembly/wasi-testsuite, branch prod/testsuite-base"; exit 2; }
	@$(MAKE) build
	python3 tests/wasi_suite.py --ferry build/bin/ferry "$(SUITE)"

.PHONY: registry
registry: ## a registry of images, for the tests of pack --push (needs Go)
	GOBIN=$(CURDIR)/build/tools go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2

.PHONY: test-openwhisk
test-openwhisk: build functions ## OPENWHISK=URL AUTH=UUID:KEY, or OPENWHISK_JAR=FILE: a real OpenWhisk server
	tests/openwhisk/real_test.py --build $(CURDIR)/build

.PHONY: test-interop
test-interop: build functions ## CloudEvents SDKs that nobody here wrote, against ferry serve
	tests/interop/run.sh

.PHONY: test-moto
test-moto: build functions ## ferry deploy against moto, which plays AWS Lambda's API
	tests/lambda/deploy_test.py --install --build build

.PHONY: test-sam
test-sam: build functions ## the Lambda layers under `sam local` (needs a Docker engine)
	tests/lambda/sam.py --build build

.PHONY: test-lambda
test-lambda: build functions ## the Lambda runtime against AWS's own emulator, which it fetches
	@cmake --build build --target lambda_emulator -j $(JOBS)
	tests/lambda/run.py --fetch
	ctest --test-dir build --output-on-failure -R '^lambda\.'

.PHONY: fuzz
fuzz: ## each parser for FUZZ_SECONDS (default 60), JOBS at a time (FUZZ_SHARD=0/6: every sixth of them)
	@tools/setup.sh build test functions fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	tools/fuzz.py build-fuzz --seconds $(FUZZ_SECONDS) --jobs $(JOBS) --shard $(or $(FUZZ_SHARD),0/1) $(if $(FUZZ_RECORD),--record)

.PHONY: coverage
coverage: functions ## lines and branches of what reads hostile bytes that the tests run, and whether that is enough (FILES=1: of each file; MISSED=1: which not)
	@tools/setup.sh build test functions coverage
	cmake --preset coverage
	cmake --build --preset coverage -j $(JOBS) --target $$(tools/coverage.py --targets)
	tools/coverage.py build-coverage $(if $(FILES),--files) $(if $(MISSED),--missed)

.PHONY: bench
bench: bench-programs ## every figure of docs/performance-figures.md (FIGURES="start serve"; QUICK=1 for a short look)
	bench/run.py build-bench $(if $(QUICK),--quick) $(FIGURES)
	$(if $(FIGURES),,bench/verify.py build-bench $(if $(QUICK),--quick))
	$(if $(FIGURES),,bench/sizes.py build-bench $(if $(QUICK),--quick))
	$(if $(FIGURES),,-bench/profile.py build-bench $(if $(QUICK),--quick))
	bench/figures.py

.PHONY: bench-profile
bench-profile: bench-programs ## where a served event's time goes, sampled by perf (QUICK=1)
	bench/profile.py build-bench $(if $(QUICK),--quick)
	bench/figures.py

.PHONY: bench-guests
bench-guests: ## where a function's own time goes, for each language (of build; make functions-components for all)
	bench/guests.py build
	bench/figures.py

.PHONY: bench-gate
bench-gate: bench-programs ## fail if an event takes 5 % more instructions than bench/gate.json says (UPDATE=1)
	bench/gate.py build-bench $(if $(UPDATE),--update)

.PHONY: bench-programs
bench-programs:
	@tools/setup.sh build test functions bench
	@if command -v npm >/dev/null; then tools/setup.sh binaryen; fi
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS) --target ferry ferry-host ferry_engine_wasmtime \
	  functions bench_events bench_first_calls bench_soak bench_cores bench_http_control \
	  bench_adapters bench_gate

.PHONY: compare
compare: build functions ## the figures of docs/engines.md: every engine, one run (QUICK=1: in short)
	cmake --build build --target workloads -j $(JOBS)
	bench/compare.py build $(if $(QUICK),--quick)
	build/bin/ferry compare --from docs/data/compare.json --html build/compare.html >/dev/null
	@echo "with plots: build/compare.html"

.PHONY: bench-overhead
bench-overhead: ## what the engine interface costs over wasmtime's C API itself
	@tools/setup.sh build test functions bench
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS) --target bench_overhead \
	  function-hello-c function-hello-rust function-hello-go
	bench/overhead.py build-bench $(if $(QUICK),--quick)

.PHONY: test-differential
test-differential: build ## COUNT (default 4000) generated modules on every engine, compared (minutes)
	COUNT=$(or $(COUNT),4000) cmake --build build --target differential_long
	bench/figures.py

.PHONY: test-dist
test-dist: dist ## install and use what `make dist` made in clean systems, and make it twice (root; minutes)
	cmake --build build --target function-hello-c -j $(JOBS)
	tests/dist/install_test.py --build build
	tests/dist/same_test.py --build build $(ARM64)

.PHONY: test-faults
test-faults: build functions ## ferry with each of its calls failing in turn: full disk, no memory, no descriptors (minutes)
	cmake --build build --target ferry_inject ferry -j $(JOBS)
	tests/faults/faults.py --build build --every

.PHONY: test-drain
test-drain: build functions ## SIGTERM under load, 200 times: no accepted request may be lost
	tests/drain.py build/bin/ferry build/functions/hello-c.wasm 200
