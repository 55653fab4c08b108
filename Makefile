# serve    the feed, on a copy of the sample or on PACKAGES=/some/folder
# test     everything a contributor needs: style, types, tests
# thorough faults and other servers at every step of an operation; what no quick test can try
# postgres what is kept in a database, in PostgreSQL (Debian; installs it)
# clients  real NuGet clients against a running server (Debian 12; installs them)
# bench    how fast, as ratios; writes benchmarks/README.md
# format   put the code in shape

PYTHON ?= python3
PACKAGES ?= .cache/sample
PORT ?= 5000
NUGETLITE_API_KEY ?= sample-key
export NUGETLITE_API_KEY

# Tests wait for a third of their time: for disks, sockets and clocks.
PROCESSES := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n + (n + 1) / 2)))

BIN := .venv/bin
READY := .venv/ready

.PHONY: serve test thorough postgres clients bench format

serve: $(READY)
	@test "$(PACKAGES)" != .cache/sample || test -d .cache/sample || { mkdir -p .cache && cp -Rp sample_feed/share .cache/sample; }
	@echo 'API key: $(NUGETLITE_API_KEY)'
	@$(BIN)/nugetlite serve $(PACKAGES) --port $(PORT)

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n $(PROCESSES) -m "not client and not postgres and not thorough"

thorough: $(READY)
	$(BIN)/pytest -n $(PROCESSES) -m "thorough and not postgres"

postgres: $(READY)
	tests/install_postgres.sh
	$(BIN)/pytest -n $(PROCESSES) -m postgres

clients: $(READY)
	tests/clients/install.sh
	$(BIN)/pytest -n auto -m client

bench: $(READY)
	$(BIN)/python -m benchmarks

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@
