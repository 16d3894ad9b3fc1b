# The project's own verbs. Each sets up all it needs in .venv and installs nothing outside the checkout.
#   make run     a live hive and its monitoring, in the browser
#   make test    all tests              make check   lint, types, layers, bundle
#   make examples    installs agent frameworks, and runs the examples that are made with them
SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
ARGS  ?=

.PHONY: run test examples check format ui ui-dev ui-check clean
.DEFAULT_GOAL := run

$(VENV)/.installed: sdk/pyproject.toml server/pyproject.toml scripts/setup.sh
	@scripts/setup.sh run

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@scripts/setup.sh dev

$(VENV)/.installed-examples: $(VENV)/.installed-dev requirements-examples.txt
	@scripts/setup.sh examples

run: $(VENV)/.installed
	@exec $(BIN)/hivesight up --demo $(ARGS)

test: $(VENV)/.installed-dev
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

examples: $(VENV)/.installed-examples
	@$(BIN)/pytest -rs tests/examples tests/sdk/integrations tests/sdk/tracing $(ARGS)

check: $(VENV)/.installed-dev
	@scripts/check.sh

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

# The web interface. Only whoever changes web/ needs Node; the built bundle is committed.
ui:
	@cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run build

ui-dev:
	@cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run dev

ui-check:
	@cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run check

clean:
	@rm -rf $(VENV) hivesight-data
