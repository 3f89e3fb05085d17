# Every target that needs the set-up does it first; `make help` lists them.
#
# PYTHON=/path/to/python3     the Python to make .venv with
# MEMCIRCUIT_NGSPICE=/path    the ngspice to use
# MEMCIRCUIT_SKIP_SYSTEM=1    never install anything with apt

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow bench lint wheel clean distclean
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
WHAT ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## the system's tools (ngspice) and the virtual environment .venv
	@sh tools/setup.sh run

demo: setup ## the whole chain on one device, from pulses to digits; writes out/demo/
	@$(BIN)/memcircuit demo

test: ## the test suite
	@sh tools/setup.sh dev
	@$(BIN)/python -m pytest

test-slow: ## the longer checks
	@sh tools/setup.sh dev
	@$(BIN)/python -m pytest -m slow

bench: ## our speed beside the peers'; WHAT=name runs one benchmark
	@sh tools/setup.sh bench
	@$(BIN)/python -m benchmarks $(WHAT)

lint: ## style, types and the order of the rooms
	@sh tools/setup.sh dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

wheel: ## the distribution, into dist/
	@sh tools/setup.sh dev
	@$(BIN)/python -m build --wheel

clean: ## remove results, build products and caches
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## and the virtual environment
	rm -rf .venv
