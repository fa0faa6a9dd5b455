# One entry for everything: `make help` lists it. Needs Python 3.11 or newer, git and make, nothing else.

# The first that fits: python3 itself, else the newest beside it. Looked up only when there is no .venv yet.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
  $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && \
  { echo $$name; exit; }; done; echo python3)
VENV   := .venv
BIN    := $(VENV)/bin
MIN    := 3.11

# The stamps carry a hash of the pinned versions: a changed pin means one more installation, nothing else does.
RUNTIME := $(VENV)/.installed-$(shell cat requirements.txt | cksum | cut -d' ' -f1)
DEV     := $(VENV)/.installed-dev-$(shell cat requirements.txt requirements-tracing.txt requirements-dev.txt | cksum | cut -d' ' -f1)
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

# How many tests run at once (pytest-xdist): one more than there are cores, since with one for each a fifth of them
# idles, waiting for what a test waits for.
JOBS ?= $(if $(FEW),0,$(shell expr $$(getconf _NPROCESSORS_ONLN) + 1))

# Which tests: T="-k name", T=tests/unit/authn/test_codes.py. With T the checks are left out; the pages and the browser are
# prepared unless T names only files that need neither.
T ?=
FILES := $(filter tests/%,$(T))
FEW := $(if $(FILES),$(if $(filter-out tests/unit/%,$(FILES)),,yes))
PAGELESS := $(if $(FILES),$(if $(filter-out tests/unit% tests/services% tests/support%,$(FILES)),,yes))
BROWSERLESS := $(if $(FILES),$(if $(filter-out tests/unit% tests/services% tests/api% tests/faults% tests/test_%,$(FILES)),,yes))

# The tests start a hundred Pythons, each of which would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: ready preflight browser pythons help run prod-local dev build test test-fast check format interop bench lab lighthouse revision lock clean

help: ## List what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(RUNTIME) ## Start the server (PORT=3000 unless set)
	@exec $(BIN)/python -m autograph_web run

prod-local: $(DEV) build ## Start two servers on PostgreSQL and Redis behind nginx with TLS (PORT=8443 unless set)
	@exec $(BIN)/python -m deploy.local

dev: $(DEV) ## Start the server, restarting whenever a source file changes
	@exec $(BIN)/python -m autograph_web dev

build: $(RUNTIME) ## Build the pages
	@$(BIN)/python -m autograph_web build

test: preflight $(DEV) ## Check, then run every test (some: T=tests/unit/authn/test_codes.py, T="-k name")
	@$(MAKE) --no-print-directory -j2 $(if $(T),,check) $(if $(PAGELESS),,build) $(if $(BROWSERLESS),,browser) ready
	@$(BIN)/python -m pytest -n $(JOBS) $(T)

ready: # With nothing to prepare, there is still something to make.
	@:

test-fast: $(DEV) ## Run what needs no browser, no built pages and no PostgreSQL
	@$(BIN)/python -m pytest -n $(JOBS) tests/unit tests/services -m "not slow and not postgres" $(T)

preflight: | $(VENV)/bin/python
	@$(BIN)/python preflight.py test

browser: $(DEV) ## Find a browser for the tests, or bring one
	@$(BIN)/python -m tests.support.browser.chromium

pythons: $(DEV) build ## Install, import, sign in and run the unit tests with the oldest and the newest Python here
	@tests/pythons.sh

check: $(DEV) ## Lint, formatting and types, without changing anything
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/basedpyright

format: $(DEV) ## Format the sources and mend what can be mended
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

interop: $(DEV) build ## Run with the real poolers, Redis variants and proxies that are installed here
	@$(BIN)/python -m pytest -n 1 tests/interop $(T)

bench: $(DEV) build browser ## Measure the server against the machine's own limits
	@$(BIN)/python -m tests.benchmarks

lab: $(DEV) build ## Attack a server as one address can, and show what others notice (T="NewTabs --seconds 30" for some of it)
	@$(BIN)/python -m tests.lab $(T)

lighthouse: $(DEV) build browser ## Hold the pages against their budget: weight, and speed on a phone
	@$(BIN)/python -m tests.benchmarks.lighthouse

revision: $(DEV) ## Write a database migration from the models (m="what it does")
	@test -n "$(m)" || { echo 'make revision m="what it does"' >&2; exit 2; }
	@$(BIN)/python -m autograph_web revision -m "$(m)"
	@$(BIN)/ruff format --quiet alembic ; $(BIN)/ruff check --fix --quiet alembic

lock: $(DEV) ## Choose new exact versions from requirements*.in and for npm
	@$(PIP) uv
	@for set in requirements requirements-tracing requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version $(MIN) --no-header --no-emit-index-url \
	    --no-emit-find-links $$set.in -o $$set.txt && \
	  { echo "# Exact versions, chosen from $$set.in by \`make lock\`."; cat $$set.txt; } > $(VENV)/lock && \
	  mv $(VENV)/lock $$set.txt || exit 1; \
	done
	@$(BIN)/python -m autograph_web build --update-lock
	@$(BIN)/python -m tests.benchmarks.lighthouse --update-lock
	@$(BIN)/python -m tests.support.browser.chromium --update-lock

clean: ## Remove everything the tools made (the server's data folder stays)
	@rm -rf $(VENV) .web .build .states .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What cannot be had is said first, in one line.
$(VENV)/bin/python:
	@python=$(PYTHON); \
	$$python -c 'import sys; sys.exit(sys.version_info < tuple(map(int, "$(MIN)".split("."))))' 2>/dev/null || { \
	  echo "autograph: Python $(MIN) or newer is needed ($$python: $$($$python --version 2>&1 || echo none)); name one with: make PYTHON=/path/to/python3.12" >&2; exit 1; }; \
	$$python preflight.py $(if $(filter test,$(MAKECMDGOALS)),test,run) && \
	{ $$python -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; }

$(RUNTIME): | $(VENV)/bin/python
	@echo "autograph: installing the pinned packages (about half a minute)"
	@$(BIN)/python preflight.py index
	@$(PIP) -r requirements.txt
	@rm -f $(VENV)/.installed-[0-9]* ; touch $@

$(DEV): $(RUNTIME) | $(VENV)/bin/python
	@echo "autograph: installing the packages for development"
	@$(PIP) -r requirements-dev.txt
	@rm -f $(VENV)/.installed-dev-* ; touch $@
