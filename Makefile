# Two commands are all a fresh machine needs: `make run` serves the portal, `make test` tests it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check fuzz accuracy chaos bench lock clean

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
LOCAL_READY := .venv/.local-installed
ALL_READY := .venv/.development-installed
PYTEST_ARGS ?=
BESIDE := tests/e2e tests/rig

# Tests start hundreds of processes, and each would compile all of the product anew.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make run    serve the portal with everything it needs (PORT=8000)"
	@echo "make test   run all tests (PYTEST_ARGS='-k name' for some of them)"
	@echo "make check  linters, types, import rules, migrations, deployment settings"
	@echo "make accuracy  how often the right cause is named, over all scenarios of the lab, plain and on a bad day"
	@echo "make fuzz   what reads foreign bytes, against very many of them (half an hour; FUZZ_EXAMPLES=20000 for each reader)"
	@echo "make chaos  thousands of customers while parts are killed at random moments (CHAOS_RUNS=10000 CHAOS_KILLS=200)"
	@echo "make bench  how fast and how small, with the bars that each figure has to reach"
	@echo "make lock   pin the dependencies of pyproject.toml in requirements/ (UPGRADE=--upgrade for newer ones)"
	@echo "make clean  remove the virtual environment, caches and all local data"

run: export LAB ?= 1
run: $(LOCAL_READY)
	@PORT=$(PORT) exec $(BIN)/python manage.py up

test: $(ALL_READY)
	@.ci/chromium || true
ifeq ($(strip $(PYTEST_ARGS)),)
	$(BIN)/python -m pytest -q -n 3 -m "not slow and not serial"
	@mkdir -p .local; $(BIN)/python -m pytest -q -m "slow or serial" $(BESIDE) >.local/test-beside.log 2>&1 & beside=$$!; failed=0; \
	  echo '$(BIN)/python -m pytest -m "slow or serial", beside it those of $(BESIDE), whose words follow'; \
	  $(BIN)/python -m pytest -q -m "slow or serial" $(addprefix --ignore=,$(BESIDE)) || failed=$$?; \
	  wait $$beside || failed=$$?; cat .local/test-beside.log; exit $$failed
else
	$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

check: $(ALL_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p .local; ($(BIN)/python .ci/bandit && $(BIN)/python .ci/advisories) >.local/check.log 2>&1 & audit=$$!; failed=0; \
	  echo '$(BIN)/mypy ., beside it .ci/bandit and .ci/advisories, whose words follow'; $(BIN)/mypy . || failed=$$?; \
	  wait $$audit || failed=$$?; cat .local/check.log; exit $$failed
	$(BIN)/lint-imports --no-cache
	find templates -name "*.html" -print0 | xargs -0 -r $(BIN)/djade --check --target-version 5.2
	export EMBEDDED_HOME=$(CURDIR)/.local/check && trap '$(BIN)/python -m portal.embedded stop' EXIT \
	  && $(BIN)/python -m portal.embedded start && $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py openapi --check
	env --unset=LAB DEBUG=0 PORTAL_URL=https://portal.example.org ALLOWED_HOSTS=portal.example.org TRUSTED_PROXY_HOPS=1 \
	  DATABASE_URL=postgresql://%2Fnonexistent/portal REDIS_URL=unix:///nonexistent TEST_MESSAGE_FROM=codes@example.org \
	  SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

accuracy: $(LOCAL_READY)
	@LAB=1 EMBEDDED_HOME=$(CURDIR)/.local/accuracy $(BIN)/python manage.py accuracy $(SCENARIOS)

fuzz: $(ALL_READY)
	@HYPOTHESIS=fuzz $(BIN)/python -m pytest -q -n 2 -m fuzz --timeout 7200 tests/attacks $(PYTEST_ARGS)

chaos: $(ALL_READY)
	@$(BIN)/python -m pytest -q -s -m chaos_long tests/chaos

bench: $(ALL_READY)
	@$(BIN)/python -m tests.bench $(BENCHMARKS)

lock: $(ALL_READY)
	$(COMPILE) --group dev --output-file requirements/development.txt
	$(COMPILE) --group local --constraint requirements/development.txt --output-file requirements/local.txt
	$(COMPILE) --constraint requirements/development.txt --output-file requirements/production.txt
	$(COMPILE) --group watched --constraint requirements/development.txt --output-file requirements/watched.txt

# No index address and no path of this machine may end up in a lock file.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) \
  --no-header --no-emit-index-url --no-emit-find-links pyproject.toml

clean:
	@if [ -x $(BIN)/python ] && [ -d .local ]; then $(BIN)/python -m portal.embedded stop; fi
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .import_linter_cache staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "This needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 \
	  || { rm -rf .venv; echo "Cannot make a virtual environment: install it with: apt install python3-venv" >&2; exit 1; }

$(LOCAL_READY): requirements/local.txt | $(BIN)/python
	$(PIP) -r $<
	@touch $@

# The development lock holds everything of the local one.
$(ALL_READY): requirements/development.txt requirements/local.txt | $(BIN)/python
	$(PIP) -r $<
	@touch $@ $(LOCAL_READY)
