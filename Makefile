# make demo    set up .venv and show the tool on a real example: no cluster, nothing but Python
# make test    set up .venv and run every check: lint, types, import contracts, docs, tests
#
# Both work in a fresh clone and are quick on the next run. Everything stays inside .venv.

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; PYTHON=/path/to/python decides otherwise.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# Two for each processor: a worker often waits for a lab or a program.
PYTEST_WORKERS ?= $(shell $(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-live test lint docs format goldens bench soak clean

help:
	@echo 'make demo        what the tool does, on a real example (no cluster)'
	@echo 'make demo-live   the same against a real API server, on this machine'
	@echo 'make test        every check: lint, types, import contracts, docs, tests'
	@echo 'make lint        the checks without the tests'
	@echo 'make format      let ruff format and fix what it can'
	@echo 'make docs        write docs/reference, and the output that pages show, from the code'
	@echo 'make goldens     write what the examples compile to'
	@echo 'make bench       print figures'
	@echo 'make soak        the tests that could go on for ever, whole and for an hour (SECONDS=3600)'
	@echo 'make clean       remove .venv and caches'

demo: $(VENV)/ready
	@$(BIN)/python tools/demo.py

demo-live: $(VENV)/ready-dev
	@$(BIN)/python tools/demo_live.py

test: lint
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal

lint: $(VENV)/ready-dev
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/docs.py --check

docs: $(VENV)/ready-dev
	$(BIN)/python tools/docs.py
	UPDATE_GOLDENS=1 $(BIN)/python -m pytest -n0 tests/docs

goldens: $(VENV)/ready-dev
	UPDATE_GOLDENS=1 $(BIN)/python -m pytest -n0 tests/goldens

format: $(VENV)/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready-dev
	@set -e; for figures in tests/bench/bench_*.py; do echo "== $$figures"; \
		$(BIN)/python -m tests.bench.$$(basename $$figures .py); done

# Whole sets of cases, ten thousand changes, all controllers for so long; each run has a seed of its own and prints it.
SECONDS ?= 3600
SOAKED := tests/drift/test_every_kind.py tests/drift/test_oracle.py tests/drift/test_zero_values.py \
	tests/drift/test_defaults.py tests/cluster/test_apply_endings.py tests/operators/test_kueue_verdicts.py \
	tests/lab/test_lab_run.py
soak: $(VENV)/ready-dev
	BLUEPRINT_SOAK=$(SECONDS) $(BIN)/python -m pytest -n0 -s $(SOAKED)

clean:
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Each stamp is newer than pyproject.toml once what that file asks for is installed. The second needs the first,
# so that `make -j demo test` never runs two installations at once.
$(VENV)/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo 'error: Python 3.11 or newer is needed; none was found on PATH.' \
		'Install it, or say where it is: make PYTHON=/path/to/python demo' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'error: Python 3.11 or newer is needed, but' "$$($(PYTHON) --version 2>&1)" 'was found.' >&2; exit 1; }
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| $(PYTHON) -m venv --clear $(VENV) || { echo 'error: a virtual environment could not be made;' \
		'on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Setting up $(VENV) ...' >&2
	@$(PIP) install --no-compile --editable .
	@touch $@

$(VENV)/ready-dev: pyproject.toml $(VENV)/ready
	@echo 'Setting up what the checks need ...' >&2
	@$(PIP) install --no-compile --upgrade 'pip>=25.1'
	@$(PIP) install --no-compile --editable . --group dev
	@touch $@
