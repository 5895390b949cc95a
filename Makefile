# `make compare` and `make test` do all the set-up on Debian 12 with Swift 6.3 on the PATH.

DEPS = libssl-dev libsrtp2-dev libusrsctp-dev libopus-dev libvpx-dev libyuv-dev libedit-dev libwebsockets-dev libjs-chart.js pkg-config
# What only the tests use.
TEST_DEPS = tshark
# What drives the page in a test.
BROWSER_DEPS = chromium chromium-driver
# Programs that nobody here wrote, which the interop tests talk to.
INTEROP_DEPS = coturn openssl
PYTHON_INTEROP_DEPS ?= aiortc==1.16.0 websockets==15.0.1
# Python packages that only the tests use; named here, they are installed into .build/venv.
PYTHON_TEST_DEPS ?= pylibsrtp==1.0.0 selenium==4.51.0
# Further arguments of rtcsim: make compare ARGS="--participants 2,3 --format json"
ARGS ?=

SWIFT_MINIMUM = 6.3
RTCSIM = .build/release/rtcsim

.DEFAULT_GOAL := help
.PHONY: help deps deps-test deps-interop interop flood swift build compare test determinism bench lint

help: ## Shows this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: swift ## Installs the Debian packages that are missing
	@$(call install,$(DEPS))

deps-test: deps ## Installs what only the tests use, too
	@$(call install,$(TEST_DEPS))
	@{ $(call install,$(BROWSER_DEPS)); } || \
	  echo "make: $(BROWSER_DEPS) could not be installed; the test of the page is skipped" >&2
	@[ -z "$(PYTHON_TEST_DEPS)" ] || [ "$$(cat .build/venv/installed 2> /dev/null)" = "$(PYTHON_TEST_DEPS)" ] || { \
	  { $(call install,python3-venv); } && python3 -m venv --clear .build/venv && \
	  .build/venv/bin/pip install --quiet --disable-pip-version-check $(PYTHON_TEST_DEPS) && \
	  echo "$(PYTHON_TEST_DEPS)" > .build/venv/installed || \
	  echo "make: $(PYTHON_TEST_DEPS) could not be installed; the tests that need it are skipped" >&2; }

deps-interop: deps-test ## Installs the programs that the interop tests talk to
	@# The package of coturn would start a service that everybody can reach.
	@[ ! -d /run/systemd/system ] || dpkg-query --show coturn > /dev/null 2>&1 || { \
	  root=; [ "$$(id -u)" = 0 ] || root=sudo; $$root systemctl mask coturn.service; }
	@{ $(call install,$(INTEROP_DEPS)); } || \
	  echo "make: $(INTEROP_DEPS) could not be installed; the tests that need them are skipped" >&2
	@[ "$$(cat .build/venv/interop 2> /dev/null)" = "$(PYTHON_INTEROP_DEPS)" ] || { \
	  { [ -x .build/venv/bin/pip ] || { { $(call install,python3-venv); } && python3 -m venv .build/venv; }; } && \
	  .build/venv/bin/pip install --quiet --disable-pip-version-check $(PYTHON_INTEROP_DEPS) && \
	  echo "$(PYTHON_INTEROP_DEPS)" > .build/venv/interop || \
	  echo "make: $(PYTHON_INTEROP_DEPS) could not be installed; the tests that need it are skipped" >&2; }

interop: deps-interop ## Talks to programs that nobody here wrote, on this machine only
	@RTCSIM_FLOOD=200000 swift test --disable-xctest --filter InteropTests

flood: build deps-test ## Sends ten million datagrams of garbage to a live peer and TURN server
	@RTCSIM_FLOOD=10000000 RTCSIM_PROGRAM=$(CURDIR)/$(RTCSIM) swift test --disable-xctest --no-parallel \
	  --filter 'InteropTests\.(Peer|TURN)FloodTests'

build: deps ## Builds rtcsim for use
	@swift build -c release --product rtcsim >&2

compare: build ## Compares mesh, SFU and MCU (ARGS="--participants 2,3,5 …")
	@$(RTCSIM) compare $(ARGS)

test: deps-test ## Builds and runs all tests
	@swift build --build-tests
	@rm -f .build/vectors.txt
	@swift test --skip-build --disable-xctest --skip InteropTests
	@! grep 'neither ran nor' .build/vectors.txt >&2
	@# Real peers keep real time, and want the machine to themselves.
	@swift test --skip-build --disable-xctest --filter InteropTests
	@$(MAKE) --no-print-directory determinism

determinism: swift ## Compares the trace hashes of debug and release builds
	@if [ -x Tests/determinism.sh ]; then Tests/determinism.sh; else echo "determinism: nothing to compare yet"; fi

bench: build ## Measures the throughput of this machine (ARGS="srtp --format json")
	@$(RTCSIM) bench $(ARGS)

lint: swift ## Checks the format of every Swift file
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks

swift:
	@command -v swift > /dev/null || { \
	  echo "make: no swift on the PATH; install Swift $(SWIFT_MINIMUM) or newer (https://www.swift.org/install/linux)" >&2; \
	  exit 1; }
	@version=$$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1); \
	  [ "$$(printf '%s\n' $(SWIFT_MINIMUM) "$$version" | sort -V | head -n 1)" = $(SWIFT_MINIMUM) ] || { \
	  echo "make: Swift $$version is too old; install Swift $(SWIFT_MINIMUM) or newer (https://www.swift.org/install/linux)" >&2; \
	  exit 1; }

# Installs those Debian packages of $(1) that are missing, as root or through sudo.
define install
  command -v dpkg-query > /dev/null || { \
    echo "make: no dpkg on this machine; provide these yourself: $(1)" >&2; exit 0; }; \
  missing=$$(for package in $(1); do \
    dpkg-query --show --showformat='$${db:Status-Status}' $$package 2> /dev/null | grep -qx installed || echo $$package; \
  done); \
  [ -z "$$missing" ] || { \
    echo "make: installing" $$missing >&2; \
    root=; [ "$$(id -u)" = 0 ] || root=sudo; \
    $$root apt-get update -q >&2 && \
    $$root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing >&2; }
endef
