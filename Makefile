# Two commands do everything on a fresh machine: `make demo` and `make test`.

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough and can make virtual environments.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format types pytest system lock wheel bench clean

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Quintanas needs Python 3.11, 3.12 or 3.13 with venv (Debian: apt-get install python3-venv)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/.installed ## crawl the sample newspapers and leave Datasette running
	$(BIN)/quintanas demo

test: lint types pytest ## lint, types and the whole test suite

lint: $(VENV)/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(VENV)/.installed ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(VENV)/.installed
	$(BIN)/mypy

pytest: $(VENV)/.installed system
	$(BIN)/python -m pytest -n auto --dist loadfile

# What only Debian has. Where it may not be installed, the tests that need it are skipped, with a count.
system:
	@tests/install-system-packages chromium systemd-analyze:systemd openssl

lock: ## pin what pyproject.toml asks for, for every supported Python
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url --python-version 3.11 \
		--custom-compile-command 'make lock' pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url --python-version 3.11 \
		--custom-compile-command 'make lock' --extra dev pyproject.toml -o requirements-dev.lock

wheel: $(VENV)/.installed ## build the wheel into dist/
	$(BIN)/python -m hatchling build -t wheel

bench: $(VENV)/.installed ## run the benchmarks
	for b in benchmarks/bench_*.py; do $(BIN)/python $$b || exit 1; done

clean: ## remove what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
