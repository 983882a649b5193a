# Soku on one laptop. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON := .venv/bin/python
NPM_BIN := node_modules/.bin

.DEFAULT_GOAL := help
.PHONY: help install up demo test lint faults faults-stack bench openapi fuzz lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: ## Set up .venv and node_modules (every other target does it too)
	@$(MAKE) --silent --no-print-directory -j2 .venv/.installed node_modules/.installed

.venv/.installed: requirements-dev.txt
	@command -v python3.11 >/dev/null || { echo "soku: Python 3.11 is needed and was not found: install it (https://www.python.org)." >&2; exit 1; }
	@echo "setting up .venv: Python packages, 370 MB on the disk, about a minute (1 of 2, both at once)"
	@python3.11 -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.installed: package-lock.json package.json
	@command -v npm >/dev/null || { echo "soku: Node.js 20 or newer is needed and was not found: install it (https://nodejs.org)." >&2; exit 1; }
	@echo "setting up node_modules: firebase-tools and Chrome for the tests, 520 MB, about a minute (2 of 2)"
	@npm ci --silent
	@touch $@

up: install ## Start everything and keep it up; prints a curl line to try
	@$(PYTHON) -m emulator up $(ARGS)

demo: install ## Watch one post travel, start to finish, then shut down
	@$(PYTHON) -m emulator demo $(ARGS)

test: install ## Lint, types, import contracts and every test; ARGS="tests/unit -k X" for some
	@$(PYTHON) -m $(if $(ARGS),pytest $(ARGS),tests)

lint: install
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m ruff check --quiet .
	@.venv/bin/lint-imports --no-cache | tail -n 3
	@$(NPM_BIN)/pyright

faults: install ## Publish while everything goes wrong; ARGS="--publications N" for more
	@PYTHONHASHSEED=0 $(PYTHON) -m tests.faults $(ARGS)

faults-stack: install ## Kill every process of a real stack at every call, for every kind of post
	@$(PYTHON) -m tests.faults.stack $(ARGS)

bench: install ## Count what a post costs, and measure the stack
	@$(PYTHON) -m tests.bench $(ARGS)

openapi: install ## Write the API's description anew, from its routes
	@$(PYTHON) -m tests.openapi

fuzz: install ## Ask the API whatever its description allows, and what it does not; ARGS="--max-examples N" for more
	@$(PYTHON) -m tests.fuzz $(ARGS)

lock: ## Pin the newest versions, with hashes (needs uv)
	uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
	  pyproject.toml -o requirements.txt
	uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
	  pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

clean: ## Remove what the other targets made
	rm -rf .venv node_modules .pytest_cache .ruff_cache .soku
