# `make` or `make help` lists the targets. Nothing is installed outside this folder.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: check gallery test tools peers agree reductions bench lint counterexamples mutants wheel-test clean help

check: $(READY) ## Check every design against every property.
	$(BIN)/python -m model check

gallery: $(READY) ## Check every design of the gallery with three devices.
	$(BIN)/python -m model check --family all --devices 2 --format json >/dev/null

test: lint ## Lint, types and tests.
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist worksteal

TOOLS := spin rumur gcc libc6-dev

# What is missing is missed later, by tests that are skipped and say so; OWNERSHIP_NO_SKIPS=1 makes
# them fail.
tools: ## Have apt install a C compiler, SPIN and Rumur; needs root.
	@which spin rumur gcc >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && which apt-get >/dev/null; then \
			apt-get install -y -qq $(TOOLS) >/dev/null 2>&1 || { \
				apt-get update -qq && apt-get install -y -qq $(TOOLS); \
			} >/dev/null; \
		else \
			false; \
		fi || echo "SPIN, Rumur or gcc is missing: apt-get install $(TOOLS)" >&2; \
	}

peers: $(READY) tools ## Compare with SPIN and Rumur.
	$(BIN)/pytest -n auto -m peers tests/export

agree: $(READY) ## Ask search, Z3, counts and proof about every design: hours.
	$(BIN)/python -m tests.agreement.campaign

reductions: $(READY) ## Search gallery, mutants and random systems with and without reductions.
	$(BIN)/python -m tests.reductions.campaign

lint: $(READY) ## Style only.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

counterexamples: $(READY) ## Make the violations found the expected ones.
	$(BIN)/python -m model check --family all --update-counterexamples

# TLC_JARS=... has TLC run too; BENCH='--rounds 1 --sizes 1,2' and the like is less work.
bench: $(READY) tools ## Time the search beside SPIN and Rumur, for docs/benchmarks.md.
	$(BIN)/python -m benchmarks $(BENCH)

mutants: $(READY) ## Drop every line of two designs in turn, and record what breaks.
	$(BIN)/python -m tests.mutants.record

# In a folder of its own, without the sources, as its users have it. The second design passes only
# if its expected counterexamples are in the wheel.
wheel-test: $(READY) ## Build the wheel and the sdist, and try the wheel by itself.
	rm -rf build dist
	$(BIN)/python -m build --outdir dist
	@set -e; \
	place=$$(mktemp -d); \
	trap 'rm -rf "$$place"' EXIT; \
	"$(PYTHON)" -m venv "$$place/venv"; \
	"$$place/venv/bin/python" -m pip install --quiet dist/*.whl; \
	cd /; \
	echo "cd / && python -m model check driver_managed_dma"; \
	"$$place/venv/bin/python" -m model check driver_managed_dma; \
	echo "cd / && python -m model check unuse_in_probe_balanced"; \
	"$$place/venv/bin/python" -m model check unuse_in_probe_balanced >/dev/null

# Made again when pyproject.toml or the kernel has changed; an editable install follows all other
# sources by itself.
$(READY): pyproject.toml hatch_build.py $(wildcard model/engines/kernel/*.[ch])
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found=$$("$(PYTHON)" --version 2>/dev/null || echo "not there"); \
		echo "This needs Python 3.11 or newer, and $(PYTHON) is $$found." \
		     "Name another: make PYTHON=python3.12" >&2; \
		exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean: ## Remove what was built, the virtual environment too.
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-16s %s\n' "$$name" "$$text"; \
	done
