# make run: install what is missing, build, start the gateway.  make test: and run every test.
SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: build run package test-container test test-release test-asan test-tsan deps deps-test bench format tidy clean

# Clones of the project share their compilations, wherever they lie.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := true

JOBS ?= $(shell nproc)
CONFIGURE = cmake -G Ninja -S . -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19

deps:
	@scripts/install-deps "build run"
deps-test:
	@scripts/install-deps "build run test"

build: deps
	@$(CONFIGURE) -B build/release -DCMAKE_BUILD_TYPE=Release -DWEIR_TESTS=OFF >/dev/null
	@cmake --build build/release -j $(JOBS)

run: build
	@build/release/bin/weir run

# The Debian package, build/package/weir.deb.
package: build
	@scripts/install-deps package
	@cd build/release && cpack -G DEB >/dev/null
	@mkdir -p build/package && cp build/release/weir_*.deb build/package/weir.deb
	@echo build/package/weir.deb

# The package in a fresh Debian, and the container image, both really run. Needs root.
test-container: package
	@scripts/install-deps container
	@tests/container/run

test: test-release test-asan test-tsan

test-release: deps-test
	@$(CONFIGURE) -B build/test -DCMAKE_BUILD_TYPE=Release >/dev/null
	@cmake --build build/test -j $(JOBS)
	@ctest --test-dir build/test -j 2 --output-on-failure --no-tests=error

# A suite is a folder of tests: its target, and its entry in ctest.
space := $(subst ,, )
suite_targets = $(addprefix test_,$(subst /,_,$(1)))
suite_tests = ^($(subst $(space),|,$(strip $(1))))/all$$

# Under ASan and UBSan: every suite but that of the rules, every fuzz target, and two of the
# end-to-end scenarios over the three programs.
ASAN_SUITES = core conf policy feeds feeds/formats feeds/names feeds/update inspect inspect/formats \
  inspect/signs inspect/worker proxy proxy/net proxy/http proxy/tls proxy/sign proxy/events \
  sandbox_client sandbox_client/detonate integration
test-asan: deps-test
	@$(CONFIGURE) -B build/asan -DCMAKE_BUILD_TYPE=Debug -DWEIR_SANITIZE=address,undefined >/dev/null
	@cmake --build build/asan -j $(JOBS) --target $(call suite_targets,$(ASAN_SUITES)) fuzzers \
	  weir weir-sign weir-scan weir-feeds
	@ctest --test-dir build/asan -j 2 --output-on-failure --no-tests=error \
	  -R '$(call suite_tests,$(ASAN_SUITES))|^(fuzz|e2e)/'

# Under TSan: the suites in which threads meet (the loops, the threads of the resolver, of events, of
# files and of the scan pool).
TSAN_SUITES = proxy proxy/net proxy/events inspect integration
test-tsan: deps-test
	@$(CONFIGURE) -B build/tsan -DCMAKE_BUILD_TYPE=Debug -DWEIR_SANITIZE=thread >/dev/null
	@cmake --build build/tsan -j $(JOBS) --target $(call suite_targets,$(TSAN_SUITES))
	@ctest --test-dir build/tsan -j 2 --output-on-failure --no-tests=error \
	  -R '$(call suite_tests,$(TSAN_SUITES))'

bench: build
	@scripts/install-deps "build run bench"
	@bench/run.py

# Every source through clang-tidy (some minutes; what passed is remembered).
tidy:
	@scripts/check-tidy . build/test

format:
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

clean:
	@rm -rf build
