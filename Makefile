# Two commands do everything: `make demo` and `make test`. Paths stay relative, so any checkout path works.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ONCE ?=
TESTS ?=
DETECTION ?=
# The tests mostly wait for processes and clocks, so three run at once on two cores.
WORKERS ?= 3
# Nothing is left behind outside the checkout: pip's cache is kept inside, the tests' temporary files are removed.
export PIP_CACHE_DIR := $(CURDIR)/$(VENV)/.pip-cache

.PHONY: demo test lint types imports unit bench bench-detection lock clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo          run Diffy against an embedded AWS and a local Slack (ONCE=1: one analysis, then exit)"
	@echo "make test          format, lint, types, import direction, tests"
	@echo "make bench         measure speed"
	@echo "make bench-detection   measure how well compromised hosts are found (DETECTION=--quick: under a minute)"
	@echo "make lock          renew requirements/*.lock"

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Diffy needs Python 3.11 or newer: set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module: install it (Debian and Ubuntu: apt install python3-venv) and run make again."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: requirements/demo.lock $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.lock
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/.bench: requirements/bench.lock $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.lock
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/python -m bot demo $(if $(ONCE),--once,)

# Types are checked on one core while the tests begin on the other.
test: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 lint types imports unit

lint: $(VENV)/.dev
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .

types: $(VENV)/.dev
	$(BIN)/python -m mypy

imports: $(VENV)/.dev
	$(BIN)/python -c "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"

unit: $(VENV)/.dev
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && TMPDIR="$$tmp" \
		$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term $(TESTS)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

bench-detection: $(VENV)/.bench
	$(BIN)/python -m benchmarks.detection $(DETECTION)

lock: $(VENV)/.dev
	sh requirements/lock.sh $(BIN)/python

clean:
	rm -rf $(VENV) .demo
