# `make help` lists everything.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
SOURCES := Package.swift Sources Tests Benchmarks Examples

.PHONY: help
help: ## List what can be done here
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: prepare
prepare: ## Install the system libraries that the build needs (Debian)
	@Scripts/install-system-packages.sh

.PHONY: build
build: prepare ## Build everything, tests included (debug)
	swift build --build-tests

.PHONY: demo
demo: prepare ## Run a server with a sample app, send an event, watch the run
	Scripts/demo.sh

.PHONY: test
test: build ## Run every test: units, simulation, and the official Python SDK against the real binary
	swift test --skip-build --skip SimulationTests
	# Apart: its worlds take up all threads, and tests that wait for the network would run into their time limits.
	swift test --skip-build --filter SimulationTests
	Scripts/test-end-to-end.sh
	Scripts/test-examples.sh
	Scripts/build-docs.sh

.PHONY: examples
examples: build ## Run the examples against a server
	Scripts/test-examples.sh

.PHONY: docs
docs: build ## Build the SDK's reference documentation
	Scripts/build-docs.sh

.PHONY: lint
lint: ## Check the formatting
	swift format lint --strict --parallel --recursive $(SOURCES)

.PHONY: format
format: ## Format all sources
	swift format --in-place --parallel --recursive $(SOURCES)

.PHONY: simulate
simulate: build ## Run many seeds of the simulation: make simulate SEEDS=0..<100000
	APUS_SIMULATION_SEEDS='$(or $(SEEDS),0..<20000)' swift test --skip-build --filter SimulationTests

.PHONY: fuzz
fuzz: build ## Run the fuzzers longer than CI does: make fuzz ITERATIONS=1000000
	APUS_FUZZ_ITERATIONS='$(or $(ITERATIONS),200000)' swift test --skip-build --filter 'CoreTests|EngineTests'

.PHONY: sanitize
sanitize: prepare ## Run the SDK's tests under the thread sanitizer
	swift build --build-tests --sanitize=thread --scratch-path .build/sanitized
	TSAN_OPTIONS='halt_on_error=0 suppressions=$(CURDIR)/Scripts/thread-sanitizer.suppressions' APUS_FUZZ_ITERATIONS=100 \
		swift test --skip-build --sanitize=thread --scratch-path .build/sanitized --filter 'SDKTests|SDKTestingTests|EmbeddedTests'

.PHONY: bench
bench: prepare ## Build for speed and print every benchmark's figures
	swift build -c release
	.build/release/ApusBenchmarks
